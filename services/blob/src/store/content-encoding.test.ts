import { sha256 } from '@studio/kernel'
import { randomBytes } from 'node:crypto'
import { decodeContent, encodeContent } from './content-encoding.ts'

describe('content encoding', () => {
  it.each([
    ['empty', Buffer.alloc(0), 0],
    ['1 KiB', Buffer.alloc(1024, 'a'), 0],
    ['over 1 KiB', Buffer.alloc(1025, 'a'), 1],
    ['over 1 KiB that gzip makes no smaller', randomBytes(4096), 0],
  ])('gives %s back, hashed and counted raw', async (_what, bytes, encoding) => {
    const encoded = await encodeContent(bytes)
    expect(encoded).toMatchObject({ hash: sha256(bytes), size: bytes.length, encoding })
    expect(encoded.stored.length).toBeLessThanOrEqual(bytes.length)
    expect(await decodeContent({ ...encoded, bytes: encoded.stored }, null, true)).toEqual(bytes)
  })
})
