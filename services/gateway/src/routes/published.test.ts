import type { PublishedMember } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { call, inner } from '../../tests/route-fixture.ts'

const kilobyte = 1024

/** A member with content of its own. */
function member(id: string, text: string): PublishedMember {
  inner.keep(Buffer.from(text))
  return {
    id, version: 1, version_id: newId(), content_type: 'text/plain', content_hash: sha256(text), size: text.length, created_by: 'user', metadata: {}, input_ids: [],
  } // prettier-ignore
}

async function textsOf(...texts: string[]): Promise<(string | undefined)[]> {
  const id = newId()
  const members = texts.map((text, place) => member(place === 0 ? id : newId(), text))
  inner.published.set(id, { revision: 3, members })
  const { status, json } = await call('GET', `/blobs/${id}/published?include=content`)
  expect(status).toBe(200)
  return (json as { data: { blobs: { text?: string }[] } }).data.blobs.map(({ text }) => text)
}

test('a published set has as many contents as one answer carries, and all of its blobs', async () => {
  const many = Array.from({ length: 6_000 }, (_, place) => `text ${place}`)
  expect(await textsOf(...many)).toEqual([...many.slice(0, 5_000), ...Array<undefined>(1_000).fill(undefined)])
})

test('large contents are left out, each by itself and together', async () => {
  const large = 'x'.repeat(257 * kilobyte)
  const quarters = Array.from({ length: 17 }, (_, place) => String.fromCharCode(97 + place).repeat(250 * kilobyte))
  expect((await textsOf('a', large, ...quarters, 'b')).map((text) => text?.length)).toEqual([
    1, undefined, ...Array<number>(16).fill(250 * kilobyte), undefined, 1,
  ]) // prettier-ignore
})
