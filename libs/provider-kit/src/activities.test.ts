import type { Client } from '@studio/clients'
import type {
  blobApi,
  ClaimGroup,
  ClaimItem,
  dagApi,
  deltaApi,
  SettleItem,
  SubmitTransform,
  TransformOutcome,
} from '@studio/contracts'
import { newId, sha256, StudioError, toProblem, transformDeltaId } from '@studio/kernel'
import { createLogger } from '@studio/telemetry'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { z } from 'zod'
import { createProviderActivities, type ClaimSummary } from './activities.ts'
import { createContentReader } from './content-reader.ts'
import { patiently } from './patiently.ts'
import { defineProvider, textOf, textOutput } from './provider.ts'

const tenant = newId()
let transforms: string[] = []

const shout = defineProvider({
  manifest: {
    id: 'shout',
    version: '1.0.0',
    name: 'Shout',
    description: '',
    type: 'test',
    workflow_type: 'shout',
    inputs: { input: { types: ['text/plain'], list: false } },
    output_type: 'text/plain',
    max_input_bytes: 100,
    timeout_ms: 200,
    batch_size: 10,
    trigger_events: [],
    trigger_created_by: [],
  },
  config: z.strictObject({ mark: z.string().default('!') }),
  transform: async (inputs, { mark }, signal) => {
    const text = textOf(inputs)
    transforms.push(text)
    if (text === 'fail') throw new Error('it says fail')
    if (text === 'refuse') throw new StudioError('provider_refused', 'it says refuse')
    if (text === 'hang')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    return textOutput(text.toUpperCase() + mark)
  },
})

/** The services as a claim meets them: contents by hash, heads by node, settlements as they come. */
function studio(inputs: Partial<ClaimItem & { text: string }>[], { leaseMs = 30_000 } = {}) {
  const contents = new Map<string, string>()
  const items = inputs.map(({ text = 'text', ...change }): ClaimItem => {
    contents.set(sha256(text), text)
    return {
      tenant_id: tenant,
      user_id: tenant,
      node_id: newId(),
      epoch: 1,
      head_version: 0,
      head_hash: null,
      head_content_type: null,
      provider_id: 'shout',
      provider_version: '1.0.0',
      config: {},
      key: sha256(`key of ${text}`),
      memo: null,
      gated_since: null,
      inputs: [{ name: 'input', blob_id: newId(), version: 1, content_hash: sha256(text), content_type: 'text/plain' }],
      parent_id: null,
      root_id: newId(),
      depth: 1,
      caused_by: null,
      traceparent: null,
      ...change,
    }
  })
  const heads = new Map(items.map((item) => [item.node_id, item.head_version]))
  const held = new Set(items.map((item) => item.node_id))
  const submitted: SubmitTransform[] = []
  const settled: SettleItem[] = []
  const next: ClaimGroup[] = []
  const answers = {
    readClaim: async (_request: { claim_id: string }) => ({ items: items.filter((item) => held.has(item.node_id)) }),
    claimNext: async (_request: { resume: boolean }) => ({ groups: next.splice(0, 1) }),
    renewClaim: async () => ({ held: [...held] }),
    settle: async (request: { items: SettleItem[] }) => {
      settled.push(...request.items)
      return { settled: request.items.length, ready: 0, lost: [] }
    },
    submitTransforms: async (request: { items: SubmitTransform[] }) => {
      submitted.push(...request.items)
      return { items: request.items.map(commit) }
    },
    readContents: async (request: { items: { hash: string }[] }) => ({
      items: request.items.map(({ hash }) => {
        const text = contents.get(hash)
        return text === undefined ? null : { base64: Buffer.from(text).toString('base64') }
      }),
    }),
  }
  function commit({ blob_id, from_version, content }: SubmitTransform): TransformOutcome {
    const head_version = heads.get(blob_id) ?? 0
    if (head_version !== from_version) return { status: 'conflict', head_version }
    heads.set(blob_id, head_version + 1)
    const content_hash =
      content && 'hash' in content ? content.hash : sha256(Buffer.from(content?.base64 ?? '', 'base64'))
    return { status: 'applied', version: head_version + 1, version_id: newId(), content_hash, size: 1 }
  }
  const call = async (name: keyof typeof answers, request: never, { signal }: { signal?: AbortSignal } = {}) => {
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    return Promise.race([(answers[name] as (request: never) => unknown)(request), aborted])
  }
  const dependencies = {
    dag: { call } as unknown as Client<typeof dagApi>,
    delta: { call } as unknown as Client<typeof deltaApi>,
    contents: createContentReader({ call } as unknown as Client<typeof blobApi>),
    log: createLogger({ service: 'test', level: 'fatal' }),
    leaseMs,
    maxOutputBytes: 1000,
  }
  const group: ClaimGroup = {
    claim_id: newId(),
    kind: 'run',
    provider_id: 'shout',
    provider_version: '1.0.0',
    workflow_type: 'shout',
    task_queue: 'studio',
    workflow_id: 'shout/1',
    timeout_ms: 200,
    attempts_left: 3,
    root_ids: [newId()],
    size: items.length,
    traceparent: null,
  }
  const run = (change: Partial<ClaimGroup> = {}, attempt = 1) => {
    const activity = createProviderActivities(shout, dependencies)['shout']
    return new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') }).run(
      activity as (group: ClaimGroup) => Promise<ClaimSummary>,
      { ...group, ...change },
    )
  }
  return {
    group,
    next,
    items,
    heads,
    held,
    submitted,
    settled,
    answers,
    run,
    outcomes: () => settled.map(({ outcome }) => outcome),
  }
}

const failure = (type: string, nonRetryable: boolean) => expect.objectContaining({ type, nonRetryable }) as Error

beforeEach(() => {
  transforms = []
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
