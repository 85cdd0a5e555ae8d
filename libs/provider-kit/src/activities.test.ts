import type { Client } from '@studio/clients'
import type { blobApi, ClaimItem } from '@studio/contracts'
import { newId, sha256, StudioError, toProblem, transformDeltaId } from '@studio/kernel'
import { createContentReader } from './content-reader.ts'
import { patiently } from './patiently.ts'
import { studio, tenant, transforms } from '../tests/test-studio.ts'

const failure = (type: string, nonRetryable: boolean) => expect.objectContaining({ type, nonRetryable }) as Error

beforeEach(() => {
  transforms.length = 0
})

test('writes what the provider makes, under the delta id of the run, and settles it', async () => {
  const { run, items, submitted, settled } = studio([{ text: 'hello', config: { mark: '?' } }])
  expect(await run()).toEqual({ version: 1 })
  const [item] = items
  expect(submitted).toMatchObject([
    {
      delta_id: transformDeltaId(item?.node_id ?? '', 1, item?.key ?? ''),
      from_version: 0,
      fence: 1,
      content: { base64: Buffer.from('HELLO?').toString('base64') },
      content_type: 'text/plain',
    },
  ])
  expect(settled).toMatchObject([
    { outcome: 'version', version: 1, content_hash: sha256('HELLO?'), attempts: 1, error: null },
  ])
})

test('an output equal to the head makes no version', async () => {
  const { run, submitted, settled } = studio([
    { text: 'same', head_version: 4, head_hash: sha256('SAME!'), head_content_type: 'text/plain' },
  ])
  expect(await run()).toEqual({ cutoff: 1 })
  expect(submitted).toEqual([])
  expect(settled).toMatchObject([{ outcome: 'cutoff', version: 4 }])
})

test("a later attempt trusts no head of dag's: an earlier one may have written", async () => {
  const memo = { content_hash: sha256('recorded'), content_type: 'text/plain' }
  const { run, submitted } = studio([
    { text: 'same', head_version: 4, head_hash: sha256('SAME!'), head_content_type: 'text/plain' },
    { memo, head_version: 2, head_hash: memo.content_hash, head_content_type: 'text/plain' },
  ])
  expect(await run({}, 2)).toEqual({ version: 1, memo: 1 })
  expect(submitted.map(({ from_version }) => from_version)).toEqual([4, 2])
})

test('a recorded output is written without running the provider', async () => {
  const memo = { content_hash: sha256('recorded'), content_type: 'text/plain' }
  const { run, submitted } = studio([
    { memo },
    { memo, head_version: 2, head_hash: memo.content_hash, head_content_type: 'text/plain' },
  ])
  expect(await run()).toEqual({ memo: 2 })
  expect(transforms).toEqual([])
  expect(submitted).toMatchObject([{ content: { hash: memo.content_hash } }])
})

test('a recorded output whose content is gone sends its node back, also one that is alone', async () => {
  const memo = { content_hash: sha256('recorded and gone'), content_type: 'text/plain' }
  const { run, answers, settled } = studio([{ memo }])
  const problem = toProblem(new StudioError('content_not_found'))
  answers.submitTransforms = async ({ items }) => ({ items: items.map(() => ({ status: 'failed', problem })) })
  expect(await run()).toEqual({ returned: 1 })
  expect(settled).toMatchObject([{ outcome: 'returned', error: { code: 'content_not_found' } }])
})

test('a node that fails in a batch goes back alone; the others are done', async () => {
  const { run, outcomes, settled } = studio([{ text: 'one' }, { text: 'fail' }, { text: 'refuse' }, { text: 'two' }])
  expect(await run()).toEqual({ version: 2, returned: 2 })
  expect(outcomes().toSorted()).toEqual(['returned', 'returned', 'version', 'version'])
  expect(settled.find(({ outcome }) => outcome === 'returned')).toMatchObject({
    attempts: 1,
    error: { code: 'provider_failed' },
  })
})

test.each([
  ['fail', 'provider_failed', false],
  ['refuse', 'provider_refused', true],
  ['hang', 'timeout', false],
])('a node of its own that says %s fails the activity with %s', async (text, code, nonRetryable) => {
  const { run, submitted, settled } = studio([{ text }])
  await expect(run()).rejects.toEqual(failure(code, nonRetryable))
  expect([...submitted, ...settled]).toEqual([])
})

test('a node whose input is gone goes back alone; the others are done', async () => {
  const { run, contents, settled, items } = studio([{ text: 'one' }, { text: 'purged' }, { text: 'two' }])
  contents.delete(sha256('purged'))
  expect(await run()).toEqual({ version: 2, returned: 1 })
  expect(settled).toContainEqual(
    expect.objectContaining({
      node_id: items[1]?.node_id,
      outcome: 'returned',
      error: expect.objectContaining({ code: 'content_not_found' }),
    }),
  )
  expect(transforms).toEqual(['one', 'two'])
})

test('what an error says is told to dag, with the last attempt, and never to Temporal', async () => {
  const { run, abandoned } = studio([{ text: 'fail' }])
  for (const attempt of [1, 2, 3]) {
    expect(abandoned).toEqual([])
    const told = (await run({}, attempt).catch((error: unknown) => error)) as { message: string; details: unknown[] }
    expect(JSON.stringify([told.message, told.details])).not.toContain('it says fail')
  }
  expect(abandoned).toMatchObject([{ attempts: 3, error: { code: 'provider_failed', detail: 'it says fail' } }])
})

test.each<[string, Partial<ClaimItem & { text: string }>, string]>([
  ['too large an input', { text: 'x'.repeat(101) }, 'input_not_supported'],
  ['a configuration that does not fit', { config: { mark: 1 } }, 'invalid_configuration'],
  [
    'another content type',
    {
      inputs: [
        { name: 'input', blob_id: newId(), version: 1, content_hash: sha256('text'), content_type: 'image/png' },
      ],
    },
    'input_not_supported',
  ],
])('%s is refused for good', async (_case, item, code) => {
  await expect(studio([item]).run()).rejects.toEqual(failure(code, true))
})

test('a head that has moved on is written on top of while the node is still leased', async () => {
  const { run, heads, items, submitted } = studio([{ text: 'late', head_version: 1 }])
  heads.set(items[0]?.node_id ?? '', 3)
  expect(await run()).toEqual({ version: 1 })
  expect(submitted.map(({ from_version }) => from_version)).toEqual([1, 3])
  expect(new Set(submitted.map(({ delta_id }) => delta_id)).size).toBe(1)
})

test('a node whose lease is gone is left to whoever has it', async () => {
  const { run, heads, held, items, answers, settled } = studio([{ text: 'mine' }, { text: 'gone', head_version: 1 }])
  const gone = items[1]?.node_id ?? ''
  heads.set(gone, 2)
  const submit = answers.submitTransforms
  answers.submitTransforms = (request) => {
    held.delete(gone)
    return submit(request)
  }
  expect(await run()).toEqual({ version: 1, lost: 1 })
  expect(settled.map(({ node_id }) => node_id)).toEqual([items[0]?.node_id])
  expect(heads.get(gone)).toBe(2)
})

test('an activity goes on with what has become ready; what fails of that goes back', async () => {
  const { group, next, items, answers, run, outcomes } = studio([{ text: 'one' }, { text: 'two' }, { text: 'fail' }])
  const asked: string[] = []
  const claims = items.map(() => newId())
  next.push(...claims.slice(1).map((claim_id) => ({ ...group, claim_id, size: 1 })))
  answers.readClaim = async ({ claim_id }) => {
    asked.push(claim_id)
    return { items: items.slice(claims.indexOf(claim_id), claims.indexOf(claim_id) + 1) }
  }
  expect(await run({ claim_id: claims[0], size: 1 })).toEqual({ version: 2, returned: 1 })
  expect(asked).toEqual(claims)
  expect(outcomes()).toEqual(['version', 'version', 'returned'])
})

test('an activity goes on with what its settlement has leased it, and asks for more where that is nothing', async () => {
  const { group, items, answers, run, outcomes } = studio([{ text: 'one' }, { text: 'two' }])
  const [first, second] = [newId(), newId()]
  const asked: string[] = []
  answers.readClaim = async ({ claim_id }) => ({ items: claim_id === first ? items.slice(0, 1) : items.slice(1) })
  const { settle, claimNext } = answers
  answers.settle = async (request) => {
    asked.push(request.next === null ? 'settle' : 'settle and go on')
    const leased = request.claim_id === first ? [{ ...group, claim_id: second, size: 1 }] : []
    return { ...(await settle(request)), groups: leased }
  }
  answers.claimNext = (request) => {
    asked.push('next')
    return claimNext(request)
  }
  expect(await run({ claim_id: first, size: 1 })).toEqual({ version: 2 })
  expect(outcomes()).toEqual(['version', 'version'])
  expect(asked).toEqual(['settle and go on', 'settle and go on', 'next'])
})

test('what it goes on with is not read where it came with its nodes', async () => {
  const { group, next, items, answers, run, outcomes } = studio([{ text: 'one' }, { text: 'two' }, { text: 'three' }])
  const read: string[] = []
  const [first, second, third] = items.map((item) => ({ ...group, claim_id: newId(), size: 1, items: [item] }))
  answers.readClaim = async ({ claim_id }) => {
    read.push(claim_id)
    return { items: items.slice(0, 1) }
  }
  const { settle } = answers
  answers.settle = async (request) => ({
    ...(await settle(request)),
    groups: request.claim_id === first?.claim_id && second ? [second] : [],
  })
  if (third) next.push(third)
  expect(await run({ claim_id: first?.claim_id ?? '', size: 1 })).toEqual({ version: 3 })
  expect(outcomes()).toEqual(['version', 'version', 'version'])
  expect(read).toEqual([first?.claim_id])
})

test('an activity that works off many small claims lets Temporal know that it lives', async () => {
  const { group, answers, run, heartbeats } = studio([{ text: 'small' }])
  const deadline = performance.now() + 10_000
  let claims = 0
  answers.claimNext = async () => {
    claims += 1
    return { groups: heartbeats() > 0 || performance.now() > deadline ? [] : [{ ...group, claim_id: newId() }] }
  }
  await run()
  expect(heartbeats()).toBeGreaterThan(0)
  expect(claims).toBeGreaterThan(10)
}, 20_000)

test('a later attempt asks for what an earlier one had leased before it goes on', async () => {
  const { answers, run } = studio([{ text: 'left' }])
  const asked: unknown[] = []
  const { settle } = answers
  answers.settle = (request) => {
    asked.push(request.next)
    return settle(request)
  }
  await run({}, 2)
  expect(asked).toEqual([null])
})

test('a later attempt takes up what an earlier one had leased', async () => {
  const { group, next, answers, run } = studio([{ text: 'left' }])
  next.push(group)
  const asked: boolean[] = []
  const claimNext = answers.claimNext
  answers.claimNext = (request) => {
    asked.push(request.resume)
    return claimNext(request)
  }
  await run({}, 2)
  expect(asked).toEqual([true, false])
})

test('a claim that was lost altogether is nothing to do', async () => {
  const { run, held } = studio([{}])
  held.clear()
  expect(await run()).toEqual({})
  expect(transforms).toEqual([])
})

test('a claim that is lost while the provider works ends without a failure', async () => {
  const { run, held, items, submitted, settled } = studio([{ text: 'one' }, { text: 'hang' }, { text: 'two' }], {
    leaseMs: 30,
  })
  const running = run({ timeout_ms: 10_000 })
  while (!transforms.includes('hang')) await new Promise((resolve) => setImmediate(resolve))
  held.clear()
  expect(await running).toEqual({ lost: items.length })
  expect([...submitted, ...settled]).toEqual([])
})

test('what is settled at the moment when the lease is looked at is not lost', async () => {
  const { run, held, answers } = studio([{ text: 'one' }], { leaseMs: 30 })
  const { promise: looked, resolve } = Promise.withResolvers<void>()
  const { settle } = answers
  answers.settle = async (request) => {
    held.clear()
    await looked
    // A turn for the claim to hear that it holds nothing any more.
    await new Promise((next) => setImmediate(next))
    return settle(request)
  }
  answers.renewClaim = async () => {
    if (held.size === 0) resolve()
    return { held: [...held] }
  }
  expect(await run()).toEqual({ version: 1 })
})

test("the studio's own slowness is waited for, and is not the provider's failure", async () => {
  const { run, answers, submitted } = studio([{ text: 'one' }, { text: 'two' }])
  const { submitTransforms } = answers
  let times = 0
  answers.submitTransforms = async (request) => {
    if (++times > 2) return submitTransforms(request)
    const problem = toProblem(new StudioError('timeout'))
    return { items: request.items.map(() => ({ status: 'failed' as const, problem })) }
  }
  expect(await run()).toEqual({ version: 2 })
  expect(submitted.length).toBe(2)
})

test.each(['timeout', 'dependency_unavailable'] as const)(
  'a request that ends with %s after all patience ends with dependency_unavailable',
  async (code) => {
    const request = async () => {
      throw new StudioError(code)
    }
    await expect(patiently(new AbortController().signal, request, 0)).rejects.toMatchObject({
      code: 'dependency_unavailable',
    })
  },
)

test("another version's work is left to a worker that has it", async () => {
  await expect(studio([{}]).run({ provider_version: '2.0.0' })).rejects.toEqual(
    failure('dependency_unavailable', false),
  )
  expect(transforms).toEqual([])
})

test('outputs and inputs are read from memory the second time, within one tenant only', async () => {
  const reads: string[] = []
  const blob = {
    call: async (_name: string, request: { items: { hash: string }[] }) => {
      reads.push(...request.items.map(({ hash }) => hash))
      return { items: request.items.map(() => ({ base64: '' })) }
    },
  } as unknown as Client<typeof blobApi>
  const reader = createContentReader(blob)
  const { signal } = new AbortController()
  await reader.read(tenant, ['a', 'a', 'b'], signal)
  await reader.read(tenant, ['a'], signal)
  reader.keep(tenant, 'c', Buffer.from('c'))
  await reader.read(tenant, ['c'], signal)
  await reader.read(newId(), ['a'], signal)
  expect(reads).toEqual(['a', 'b', 'a'])
})
