import type { Client } from '@studio/clients'
import type {
  blobApi,
  ClaimGroup,
  ClaimItem,
  dagApi,
  deltaApi,
  NextGroup,
  RecordedOutput,
  SettleItem,
  SubmitTransform,
  TransformOutcome,
} from '@studio/contracts'
import { newId, sha256, StudioError, type Problem } from '@studio/kernel'
import { createLogger } from '@studio/telemetry'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { z } from 'zod'
import { createProviderActivities, type ClaimSummary } from '../src/activities.ts'
import { createContentReader } from '../src/content-reader.ts'
import { defineProvider, textOf, textOutput } from '../src/provider.ts'

export const tenant = newId()
/** Texts that `shout` was run on. */
export const transforms: string[] = []

export const shout = defineProvider({
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
export function studio(inputs: Partial<ClaimItem & { text: string }>[], { leaseMs = 30_000, provider = shout } = {}) {
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
      last_key: null,
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
  const abandoned: { error: Problem; attempts: number }[] = []
  const next: NextGroup[] = []
  const recorded = new Map<string, RecordedOutput>()
  const answers = {
    readClaim: async (_request: { claim_id: string }) => ({ items: items.filter((item) => held.has(item.node_id)) }),
    claimNext: async (_request: { resume: boolean }) => ({ groups: next.splice(0, 1) }),
    recall: async ({ keys }: { keys: string[] }) => ({ items: keys.map((key) => recorded.get(key) ?? null) }),
    renewClaim: async () => ({ held: [...held] }),
    settle: async (request: { claim_id: string; items: SettleItem[]; next: unknown }) => {
      settled.push(...request.items)
      return { settled: request.items.length, ready: 0, lost: [], groups: [] as NextGroup[] }
    },
    abandonClaim: async (request: { error: Problem; attempts: number }) => {
      abandoned.push(request)
      return { failed: 1 }
    },
    submitTransforms: async (request: { items: SubmitTransform[] }) => {
      submitted.push(...request.items)
      return { items: request.items.map((item) => commit(item)) }
    },
    readContents: async (request: { items: { hash: string }[] }) => ({
      items: request.items.map(({ hash }) => {
        const text = contents.get(hash)
        return text === undefined ? null : { base64: Buffer.from(text).toString('base64') }
      }),
    }),
  }
  const written = new Set<string>()
  function commit({
    delta_id,
    blob_id,
    from_version,
    content,
    content_type,
    rests_on,
  }: SubmitTransform): TransformOutcome {
    if (rests_on.some((basis) => !written.has(basis.delta_id))) return { status: 'baseless' }
    const head_version = heads.get(blob_id) ?? 0
    if (head_version !== from_version) return { status: 'conflict', head_version }
    heads.set(blob_id, head_version + 1)
    written.add(delta_id)
    const content_hash =
      content && 'hash' in content ? content.hash : sha256(Buffer.from(content?.base64 ?? '', 'base64'))
    const held = { version: head_version + 1, version_id: newId(), content_hash, content_type, size: 1, overlay: null }
    return { status: 'applied', ...held }
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
  const activity = createProviderActivities(provider, dependencies)['shout']
  let heartbeats = 0
  const run = (change: Partial<ClaimGroup> = {}, attempt = 1) => {
    const environment = new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') })
    environment.on('heartbeat', () => (heartbeats += 1))
    return environment.run(activity as (group: ClaimGroup) => Promise<ClaimSummary>, { ...group, ...change })
  }
  return {
    group,
    next,
    items,
    heads,
    held,
    recorded,
    contents,
    submitted,
    settled,
    abandoned,
    answers,
    run,
    heartbeats: () => heartbeats,
    outcomes: () => settled.map(({ outcome }) => outcome),
  }
}
