import { noUsage } from '@studio/contracts'
import type { Product } from './produce.ts'
import { createSharing } from './sharing.ts'

const product: Product = {
  bytes: Buffer.from('made'),
  content_type: 'text/plain',
  duration_ms: 1,
  usage: noUsage,
  traceparent: null,
}
const { signal } = new AbortController()
const never = () => Promise.reject<Product>(new Error('computed again'))

test('a product stays until the last of those who look for its key has recorded it', async () => {
  const sharing = createSharing()
  const [one, other] = [sharing.open(), sharing.open()]
  one.hold(['a', 'a'])
  other.hold(['a'])
  expect(await one.compute('a', signal, async () => product)).toEqual({ product, isOwn: true })
  one.done('a')
  one.release()
  expect(await one.compute('a', signal, never)).toEqual({ product, isOwn: false })
  one.close()
  expect(await other.compute('a', signal, never)).toEqual({ product, isOwn: false })
  other.done('a')
  other.release()
  const last = sharing.open()
  last.hold(['a'])
  expect(await last.compute('a', signal, async () => product)).toMatchObject({ isOwn: true })
})

test('who waits for another one hears that it is to end, and takes over from one that fails', async () => {
  const sharing = createSharing()
  const [one, other, third] = [sharing.open(), sharing.open(), sharing.open()]
  for (const each of [one, other, third]) each.hold(['a'])
  const work = Promise.withResolvers<Product>()
  const first = one.compute('a', signal, () => work.promise)
  const ending = new AbortController()
  const second = other.compute('a', ending.signal, never)
  const takesOver = third.compute('a', signal, async () => product)
  ending.abort(new Error('the claim is lost'))
  await expect(second).rejects.toThrow('the claim is lost')
  work.reject(new Error('the provider failed'))
  await expect(first).rejects.toThrow('the provider failed')
  expect(await takesOver).toEqual({ product, isOwn: true })
})
