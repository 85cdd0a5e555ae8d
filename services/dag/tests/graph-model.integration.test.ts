import { derivationKey, isStudioError, newId, sha256 } from '@studio/kernel'
import { noUsage, type BlobFact, type ClaimItem, type Provider, type SettleItem } from '@studio/contracts'
import { createDatabase, type Database } from '@studio/database'
import { migratedDatabase } from '@studio/testing'
import { createLogger } from '@studio/telemetry'
import fc from 'fast-check'
import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { endCascade } from '../src/domain/end-cascade.ts'
import { ensureDerivation, removeDerivation, updateDerivation } from '../src/domain/derivations.ts'
import type { GraphStore, NodeRow, Providers } from '../src/domain/ports.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { createBacklog } from '../src/store/backlog.ts'
import { readClaim } from '../src/store/claim-reader.ts'
import { createGraphStore } from '../src/store/graph-store.ts'

/**
 * The graph under random histories: sources edited, duplicated, reordered and deleted, diamonds, failures, lost leases and
 * several cascades at once. When it is quiet, every derivation is what its inputs give, and nothing waits.
 */

const provider = (id: string, batch: number, createdBy: string[], inputs: Provider['inputs'] = { input: { types: ['text/*'], list: false } }): Provider => ({
  id, version: '1.0.0', name: id, description: '', type: 'text', workflow_type: id, task_queue: 'q', inputs, output_type: 'text/plain',
  config_schema: {}, default_config: {}, input_schema: null, output_schema: null, max_input_bytes: 1e6, timeout_ms: 1000, batch_size: batch,
  trigger_events: ['blob.created', 'blob.updated'], trigger_created_by: createdBy, trigger_patterns: [], tenant_id: null, status: 'active',
  digest: '0'.repeat(64), created_at: '', updated_at: '',
}) // prettier-ignore

const join = provider('join', 5, ['nobody'], { texts: { types: ['text/*'], list: true } })
const known = [provider('first', 3, ['user']), provider('second', 1, ['first']), join]
const providers: Providers = {
  current: (_tenant, id) => Promise.resolve(known.find((one) => one.id === id) ?? null),
  match: (subjects) =>
    Promise.resolve(
      subjects.map((subject) => known.filter((one) => one.trigger_created_by.includes(subject.created_by))),
    ),
}
const bell = { ring: () => undefined }

let database: Database
let store: GraphStore
let drop: () => Promise<void>

beforeAll(async () => {
  const fresh = await migratedDatabase('dag')
  drop = fresh.drop
  database = createDatabase({ url: fresh.url, schema: 'dag', log: createLogger({ service: 'test', level: 'error' }) })
  store = createGraphStore(database, 30_000, () => undefined)
}, 120_000)

afterAll(async () => {
  await database.close()
  await drop()
})

interface World {
  tenantId: string
  sources: Map<string, { version: number; text: string; deleted: boolean }>
}

const factOf = (world: World, blobId: string, operation: BlobFact['operation'], version: number, text: string): BlobFact => ({
  blob_id: blobId, user_id: world.tenantId, version, version_id: newId(), operation, content_type: 'text/plain', content_hash: sha256(text), size: text.length,
  delta_id: newId(), caused_by: null, created_by: 'user', parent_id: null, root_id: blobId, depth: 0, providers: 'auto', traceparent: null,
}) // prettier-ignore

const apply = (world: World, facts: BlobFact[]) => applyBlobFacts({ store, providers, bell }, world.tenantId, facts)

async function edit(world: World, index: number, text: string, repeat: boolean): Promise<void> {
  const ids = [...world.sources.keys()]
  const id = ids[index % ids.length]
  const source = id === undefined ? undefined : world.sources.get(id)
  if (!id || !source || source.deleted) return
  source.version += 1
  source.text = text
  const fact = factOf(world, id, 'update', source.version, text)
  await apply(world, repeat ? [fact, fact] : [fact])
  if (repeat) await apply(world, [fact, factOf(world, id, 'update', Math.max(1, source.version - 1), 'late and old')])
}

async function create(world: World, text: string): Promise<void> {
  const id = newId()
  world.sources.set(id, { version: 1, text, deleted: false })
  await apply(world, [factOf(world, id, 'create', 1, text)])
}

async function remove(world: World, index: number): Promise<void> {
  const ids = [...world.sources.keys()]
  const id = ids[index % ids.length]
  const source = id === undefined ? undefined : world.sources.get(id)
  if (!id || !source || source.deleted) return
  source.deleted = true
  source.version += 1
  await apply(world, [factOf(world, id, 'delete', source.version, source.text)])
}

/** A source that was deleted comes back, by a revert. */
async function restore(world: World, index: number, text: string): Promise<void> {
  const ids = [...world.sources.keys()]
  const id = ids[index % ids.length]
  const source = id === undefined ? undefined : world.sources.get(id)
  if (!id || !source?.deleted) return
  Object.assign(source, { deleted: false, version: source.version + 1, text })
  await apply(world, [factOf(world, id, 'revert', source.version, text)])
}

const requester = (world: World) => ({ tenant_id: world.tenantId, user_id: world.tenantId, traceparent: null })

/** What is done by hand is refused where it makes no sense; that it is, and why, other tests see to. */
async function unlessRefused(work: () => Promise<unknown>): Promise<void> {
  const refusals = [
    'blob_deleted',
    'derivation_conflict',
    'derivation_cycle',
    'derivation_not_found',
    'derivation_too_deep',
  ]
  await work().catch((error: unknown) => {
    if (!isStudioError(error) || !refusals.includes(error.code)) throw error
    refused.set(error.code, (refused.get(error.code) ?? 0) + 1)
  })
}
const refused = new Map<string, number>()

async function pick(world: World, ...indexes: number[]): Promise<string[]> {
  const nodes = await allNodes(world)
  return indexes.flatMap((index) => nodes[index % Math.max(1, nodes.length)]?.blob_id ?? [])
}

async function derive(world: World, one: number, other: number, mark: number): Promise<void> {
  const inputs = { texts: await pick(world, one, other) }
  if (inputs.texts.length === 0) return
  const wish = { provider: join, config: { mark }, inputs, blobs: new Map() }
  await unlessRefused(() => ensureDerivation({ store, bell }, { ...requester(world), label: '' }, wish))
}

/** Gives a derivation other inputs, also such as would close a cycle, or none any more. */
async function rewire(world: World, at: number, one: number, other: number): Promise<void> {
  const joins = (await allNodes(world)).filter((node) => node.provider_id === 'join')
  const blob_id = joins[at % Math.max(1, joins.length)]?.blob_id
  if (blob_id === undefined) return
  const request = { ...requester(world), blob_id }
  const inputs = { texts: await pick(world, one, other) }
  await unlessRefused(() =>
    one % 4 === 0
      ? removeDerivation({ store, bell }, request)
      : updateDerivation({ store, bell }, request, { provider: join, config: null, inputs, blobs: new Map() }),
  )
}

const allNodes = (world: World) =>
  database.query<NodeRow>('all-nodes', 'select * from node where tenant_id = $1 order by blob_id', [world.tenantId])

const settlement = (item: ClaimItem, doomed: boolean, fate: number): SettleItem => {
  const output = sha256(`output of ${item.key}`)
  const common = {
    node_id: item.node_id,
    epoch: item.epoch,
    key: item.key,
    attempts: 1,
    error: null,
    duration_ms: 1,
    usage: noUsage,
    size: 1,
    content_type: 'text/plain',
  }
  if (doomed) return { ...common, outcome: 'deleted', version: item.head_version + 1, content_hash: null }
  if (fate === 1) return { ...common, outcome: 'failed', version: null, content_hash: null }
  if (fate === 2) return { ...common, outcome: 'returned', version: null, content_hash: null }
  if (item.head_hash === output) return { ...common, outcome: 'cutoff', version: null, content_hash: output }
  return { ...common, outcome: item.memo ? 'memo' : 'version', version: item.head_version + 1, content_hash: output }
}

/** One look of a cascade and the work that it gives. `fate`: 0 all succeeds, 1 fails, 2 returns, 3 the worker dies, 4 every settlement comes twice. */
async function work(world: World, fate: number): Promise<number> {
  const groups = await claimWork(
    { store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: newId(), request_id: newId(), limit: 50 },
  )
  for (const group of groups) {
    if (fate === 3) {
      await database.execute('expire', `update node set lease_until = now() - interval '1 s' where claim_id = $1`, [
        group.claim_id,
      ])
      await createBacklog(database, 30_000).releaseClaims([group.claim_id])
      continue
    }
    const items = await readClaim(database, group.claim_id, 30_000)
    const outcomes = items.map((item, index) =>
      settlement(item, group.kind === 'delete', index === 0 && fate < 3 ? fate : 0),
    )
    await settleWork({ store, providers }, group.claim_id, outcomes)
    if (fate === 4) await settleWork({ store, providers }, group.claim_id, outcomes)
  }
  return groups.length
}

async function drain(world: World): Promise<void> {
  for (let round = 0; round < 200; round++) {
    if ((await work(world, 0)) > 0) continue
    if (await endCascade({ store }, world.tenantId, newId())) return
  }
  throw new Error('the graph does not come to rest')
}

async function expectConverged(world: World): Promise<void> {
  const nodes = await allNodes(world)
  const byId = new Map(nodes.map((node) => [node.blob_id, node]))
  const edges = await database.query<{ source_id: string; target_id: string; input: string }>(
    'current-edges',
    `select edge.* from edge join node on node.blob_id = edge.target_id where node.tenant_id = $1 and valid_to is null order by target_id, input, ordinal`,
    [world.tenantId],
  )
  for (const node of nodes) {
    if (node.provider_id === null) {
      const source = world.sources.get(node.blob_id)
      expect([node.version, node.state]).toEqual([source?.version, source?.deleted ? 'deleted' : 'settled'])
      if (!source?.deleted) expect(node.content_hash).toBe(sha256(source?.text ?? ''))
      continue
    }
    const inputs = edges
      .filter((edge) => edge.target_id === node.blob_id)
      .map((edge) => ({ edge, source: byId.get(edge.source_id) }))
    const live = inputs.filter(({ source }) => source?.state !== 'deleted')
    if (live.length === 0) {
      expect(node.state).toBe('deleted')
      continue
    }
    const hindered = live.some(({ source }) => source?.state === 'failed' || source?.state === 'blocked')
    if (node.state === 'failed') continue
    const told = [node.blob_id, inputs.map(({ source }) => [source?.blob_id, source?.state]), node.dirty_inputs]
    expect([node.state, ...told]).toEqual([hindered ? 'blocked' : 'settled', ...told])
    if (hindered) continue
    const named: Record<string, [string, string][]> = {}
    for (const { edge, source } of live)
      (named[edge.input] ??= []).push([source?.content_type ?? '', source?.content_hash ?? ''])
    const key = derivationKey({
      provider_id: node.provider_id,
      provider_version: '1.0.0',
      config: node.config,
      inputs: named,
    })
    expect(node.last_key).toBe(key)
    expect(node.content_hash).toBe(sha256(`output of ${key}`))
    expect(node.dirty_inputs).toBe(0)
  }
  const [open] = await database.query<{ count: number }>(
    'open-cascades',
    'select count(*) from cascade where tenant_id = $1 and settled_at is null',
    [world.tenantId],
  )
  expect(Number(open?.count)).toBe(0)
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('create' as const), text: fc.constantFrom('a', 'b', 'c', 'd') }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      index: fc.nat(9),
      text: fc.constantFrom('a', 'b', 'c', 'd'),
      repeat: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), index: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restore' as const), index: fc.nat(9), text: fc.constantFrom('a', 'b') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('derive' as const), one: fc.nat(20), other: fc.nat(20), mark: fc.nat(1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('rewire' as const), at: fc.nat(9), one: fc.nat(20), other: fc.nat(20) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('work' as const), fate: fc.nat(4) }) },
)

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

async function run(world: World, one: Step): Promise<void> {
  if (one.kind === 'create') return create(world, one.text)
  if (one.kind === 'edit') return edit(world, one.index, one.text, one.repeat)
  if (one.kind === 'remove') return remove(world, one.index)
  if (one.kind === 'restore') return restore(world, one.index, one.text)
  if (one.kind === 'derive') return derive(world, one.one, one.other, one.mark)
  if (one.kind === 'rewire') return rewire(world, one.at, one.one, one.other)
  await work(world, one.fate)
}

const newWorld = (): World => ({ tenantId: newId(), sources: new Map() })

test('any history converges', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (history) => {
      const world = newWorld()
      for (const one of history) await run(world, one)
      await drain(world)
      await expectConverged(world)
    }),
    { numRuns: Number(process.env['STUDIO_PROPERTY_RUNS'] ?? 60) },
  )
}, 300_000)

test('histories that several hands write at once converge too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (history) => {
      const world = newWorld()
      for (let index = 0; index < 4; index++) await create(world, 'start')
      const hands = [0, 1, 2, 3].map((hand) => history.filter((_, index) => index % 4 === hand))
      // One source's facts come from one hand: blob gives its versions one after another.
      await Promise.all(
        hands.map(async (steps, hand) => {
          for (const one of steps) {
            if (one.kind === 'edit' || one.kind === 'remove' || one.kind === 'restore')
              await run(world, { ...one, index: (one.index - (one.index % 4) + hand) % 4 })
            else await run(world, one)
          }
        }),
      )
      await drain(world)
      await expectConverged(world)
    }),
    // What hands do at once cannot be made smaller: the same steps interleave in another way each time.
    { numRuns: Number(process.env['STUDIO_PROPERTY_RUNS'] ?? 25), endOnFailure: true },
  )
}, 300_000)
