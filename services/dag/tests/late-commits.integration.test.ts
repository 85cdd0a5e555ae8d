import { newId, runId, sha256 } from '@studio/kernel'
import { noUsage, type BlobFact, type Provider, type SettleItem } from '@studio/contracts'
import type { Database } from '@studio/database'
import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { createJob } from '../src/domain/create-job.ts'
import { readJob } from '../src/domain/read-job.ts'
import { retryJob } from '../src/domain/retry-job.ts'
import type { GraphStore, NodeRow, Providers } from '../src/domain/ports.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { createJobReader, createPrisma } from '../src/store/job-reader.ts'
import { aProvider, bell, nobodyWaits, openDag } from './fixture.ts'
import { workOffClaim, type WorkItem } from './test-worker.ts'

/** What a worker committed at blob and could not settle at dag, because an edit or a deletion took the node away in between. */

const provider = (id: string, trigger_events: Provider['trigger_events'], trigger_created_by: string[]): Provider =>
  aProvider(id, { trigger_events, trigger_created_by })

const known = [
  provider('expander', ['blob.created', 'blob.updated'], ['user']),
  provider('checker', ['blob.created'], ['expander']),
]
const providers: Providers = {
  current: (_tenant, id) => Promise.resolve(known.find((one) => one.id === id) ?? null),
  match: (subjects) =>
    Promise.resolve(
      subjects.map((subject) =>
        known.filter(
          (one) => one.trigger_created_by.includes(subject.created_by) && one.trigger_events.includes(subject.event),
        ),
      ),
    ),
}

let database: Database
let store: GraphStore
let jobs: ReturnType<typeof createJobReader>
let prisma: ReturnType<typeof createPrisma>
let close: () => Promise<void>

beforeAll(async () => {
  ;({ database, store, close } = await openDag())
  prisma = createPrisma(database)
  jobs = createJobReader(prisma, database)
}, 120_000)

afterAll(async () => {
  await prisma.$disconnect()
  await close()
})

interface World {
  tenantId: string
  source: string
  version: number
  /** blob's heads of derived blobs: what a reader gets. */
  heads: Map<string, { version: number; hash: string | null; fence: number }>
}

async function newWorld(): Promise<World> {
  const world: World = { tenantId: newId(), source: newId(), version: 0, heads: new Map() }
  await tell(world, 'create', 'a')
  return world
}

const tell = (world: World, operation: BlobFact['operation'], text: string) =>
  applyBlobFacts({ store, providers, bell, arrivals: nobodyWaits }, world.tenantId, [{
    blob_id: world.source, user_id: world.tenantId, version: ++world.version, version_id: newId(), operation, content_type: 'text/plain',
    content_hash: sha256(text), size: text.length, delta_id: newId(), caused_by: null, created_by: 'user', parent_id: null, root_id: world.source,
    depth: 0, providers: 'auto', publication: 'immediate', traceparent: null,
  }]) // prettier-ignore

const claim = (world: World) =>
  claimWork(
    { store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: world.source, request_id: newId(), limit: 50 },
  )

const outputOf = (item: WorkItem, cut?: string) =>
  sha256(cut ?? `${item.provider_id} of ${item.inputs.map((input) => input.content_hash).join()}`)

/** As provider-kit does it: cutoff where the output is the head that dag knows, else a write that blob fences. */
function commit(world: World, item: WorkItem, doomed: boolean, cut?: string): SettleItem {
  const hash = doomed ? null : outputOf(item, cut)
  const common = {
    node_id: item.node_id,
    epoch: item.epoch,
    inputs: item.inputs,
    key: item.key,
    attempts: 1,
    error: null,
    duration_ms: 1,
    usage: noUsage,
    size: 1,
    content_type: 'text/plain',
  }
  if (hash !== null && hash === item.head_hash)
    return { ...common, outcome: 'cutoff', version: item.head_version || null, content_hash: hash }
  const head = world.heads.get(item.node_id) ?? { version: 0, hash: null, fence: 0 }
  if (item.epoch < head.fence) throw new Error('fenced')
  world.heads.set(item.node_id, { version: head.version + 1, hash, fence: item.epoch })
  return {
    ...common,
    outcome: doomed ? 'deleted' : item.memo ? 'memo' : 'version',
    version: head.version + 1,
    content_hash: hash,
  }
}

async function drain(world: World, cut?: Record<string, string>): Promise<void> {
  for (let groups = await claim(world); groups.length > 0; groups = await claim(world)) {
    for (const group of groups) {
      const outcomes = await workOffClaim(database, group, (item) =>
        commit(world, item, group.kind === 'delete', cut?.[item.provider_id]),
      )
      await settleWork({ store, providers }, group.claim_id, outcomes)
    }
  }
}

const nodeOf = async (world: World, providerId: string): Promise<NodeRow> => {
  const [node] = await database.query<NodeRow>(
    'node-of',
    'select * from node where tenant_id = $1 and provider_id = $2',
    [world.tenantId, providerId],
  )
  if (!node) throw new Error(`no node of ${providerId}`)
  return node
}

/** A worker that has committed, and whose settlement comes after `meanwhile`. */
async function overtaken(world: World, meanwhile: () => Promise<unknown>): Promise<void> {
  const [group] = await claim(world)
  if (!group) throw new Error('nothing to claim')
  const outcomes = await workOffClaim(database, group, (item) => commit(world, item, group.kind === 'delete'))
  await meanwhile()
  await settleWork({ store, providers }, group.claim_id, outcomes)
}

async function expectHeadsKnown(world: World, providerId: string): Promise<void> {
  const node = await nodeOf(world, providerId)
  const head = world.heads.get(node.blob_id)
  expect([providerId, node.state, node.version, node.content_hash]).toEqual([
    providerId,
    node.state,
    head?.version ?? 0,
    head?.hash ?? null,
  ])
}

test('an edit taken back while its run commits: the derived blob goes back too', async () => {
  const world = await newWorld()
  await drain(world)
  await tell(world, 'update', 'b')
  await overtaken(world, () => tell(world, 'update', 'a'))
  await drain(world)
  await expectHeadsKnown(world, 'expander')
})

test('a source restored while its tombstones commit: the derived blob is back', async () => {
  const world = await newWorld()
  await drain(world)
  await tell(world, 'delete', 'a')
  await overtaken(world, () => tell(world, 'revert', 'a'))
  await drain(world)
  await expectHeadsKnown(world, 'expander')
})

test('a source deleted while its first derivation commits: nothing derived stays readable', async () => {
  const world = await newWorld()
  await overtaken(world, () => tell(world, 'delete', 'a'))
  await drain(world)
  await expectHeadsKnown(world, 'expander')
})

test('a first version overtaken by an edit still triggers what is made from created blobs', async () => {
  const world = await newWorld()
  await overtaken(world, () => tell(world, 'update', 'b'))
  await drain(world)
  expect((await nodeOf(world, 'checker')).state).toBe('settled')
})

const blobOf = (node: NodeRow) => ({
  id: node.blob_id, tenant_id: node.tenant_id, user_id: node.user_id, content_type: 'text/plain', content_hash: node.content_hash ?? '', size: 1, version: node.version,
  version_id: newId(), parent_id: node.parent_id, root_id: node.root_id, depth: node.depth, created_by: node.created_by, providers: node.providers,
  conflict_policy: 'reject' as const, overlay: null, publication: 'immediate' as const, metadata: {}, created_at: '', updated_at: '', deleted_at: null,
}) // prettier-ignore

test('a job overtaken by an edit that changes nothing for it has an end', async () => {
  const world = await newWorld()
  await drain(world, { expander: 'always the same' })
  const input = blobOf(await nodeOf(world, 'expander'))
  const checker = known[1] as Provider
  const request = { tenant_id: world.tenantId, user_id: world.tenantId, label: '', traceparent: null }
  const job = await createJob({ store, bell }, request, input, checker, {})
  await tell(world, 'update', 'b')
  await drain(world, { expander: 'always the same' })
  expect((await nodeOf(world, 'checker')).state).toBe('settled')
  expect((await readJob(jobs, world.tenantId, job.id))?.status).toBe('succeeded')
})

test('a job that reads as failed can be tried again', async () => {
  const world = await newWorld()
  await drain(world)
  const [source] = await store.readNodes(world.tenantId, [world.source])
  const job = await createJob(
    { store, bell },
    { tenant_id: world.tenantId, user_id: world.tenantId, label: 'x', traceparent: null },
    blobOf(source as NodeRow),
    known[0] as Provider,
    { own: true },
  )
  await tell(world, 'update', 'b')
  const [group] = (await claim(world)).filter((one) => one.workflow_id.includes(job.blob_id))
  if (!group) throw new Error('the job is not claimed')
  const error = { type: '', title: '', status: 502, code: 'provider_failed' as const, detail: '', retryable: true }
  const outcomes = await workOffClaim(database, group, ({ node_id, epoch, inputs, key }) => ({
    node_id,
    epoch,
    outcome: 'failed',
    inputs,
    key,
    version: null,
    content_hash: null,
    content_type: null,
    size: null,
    attempts: 3,
    error,
    duration_ms: 1,
    usage: noUsage,
  }))
  await settleWork({ store, providers }, group.claim_id, outcomes)
  expect(outcomes.map(({ epoch }) => runId(job.blob_id, epoch))).not.toContain(job.id)
  expect((await readJob(jobs, world.tenantId, job.id))?.status).toBe('failed')
  await expect(retryJob({ store, jobs, bell }, world.tenantId, job.id, null)).resolves.toMatchObject({
    status: 'queued',
  })
})

test('a job on a blob whose deletion dag knows already is refused', async () => {
  const world = await newWorld()
  await drain(world)
  const [source] = await store.readNodes(world.tenantId, [world.source])
  const before = blobOf(source as NodeRow)
  await tell(world, 'delete', 'a')
  await drain(world)
  const request = { tenant_id: world.tenantId, user_id: world.tenantId, label: 'late', traceparent: null }
  await expect(createJob({ store, bell }, request, before, known[0] as Provider, {})).rejects.toMatchObject({
    code: 'blob_deleted',
  })
})
