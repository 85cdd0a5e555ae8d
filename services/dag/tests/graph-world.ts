import { isStudioError, newId, sha256, StudioError, toProblem } from '@studio/kernel'
import {
  noBudget,
  noUsage,
  type Blob,
  type BlobFact,
  type ClaimGroup,
  type Budget,
  type CascadeAction,
  type Provider,
  type Publication,
  type SettleItem,
  type TenantBudget,
  type Usage,
} from '@studio/contracts'
import type { Database } from '@studio/database'
import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import { claimNext } from '../src/domain/claim-next.ts'
import { setBudget, setCascadeBudget } from '../src/domain/budgets.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { controlCascade } from '../src/domain/control-cascade.ts'
import { createJob } from '../src/domain/create-job.ts'
import { endCascade } from '../src/domain/end-cascade.ts'
import { ensureDerivation, removeDerivation, updateDerivation } from '../src/domain/derivations.ts'
import type { Arrivals, GraphStore, NodeRow, Providers } from '../src/domain/ports.ts'
import { releaseClaims } from '../src/domain/reconcile.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { aProvider, bell, openDag } from './fixture.ts'
import { workOffClaim, type Computing, type WorkItem } from './test-worker.ts'

const triggered = (id: string, batch_size: number, createdBy: string): Provider =>
  aProvider(id, { batch_size, trigger_events: ['blob.created', 'blob.updated'], trigger_created_by: [createdBy] })
const join = aProvider('join', { batch_size: 5, inputs: { texts: { types: ['text/*'], list: true } } })
const known = [triggered('first', 3, 'user'), triggered('second', 1, 'first'), join]
export const providers: Providers = {
  current: (_tenant, id) => Promise.resolve(known.find((one) => one.id === id) ?? null),
  match: (subjects) =>
    Promise.resolve(
      subjects.map((subject) => known.filter((one) => one.trigger_created_by.includes(subject.created_by))),
    ),
}
/** A tenant's graph, with what blob would say of its sources. */
export interface World {
  readonly database: Database
  readonly store: GraphStore
  readonly arrivals: Arrivals
  readonly tenantId: string
  readonly sources: Map<string, { version: number; text: string; deleted: boolean; publication?: Publication }>
  /** Runs that are under way: what they read, and what they will say in the end. */
  readonly running: { claim_id: string; outcomes: SettleItem[] }[]
  readonly computing: Computing
  /** What each run takes. */
  usage: Usage
  /** Where dag hears later of what blob has. */
  tell?(facts: BlobFact[]): Promise<void>
}

/** A database for graphs; each world in it is another tenant. */
export async function openGraphs(): Promise<{ newWorld(): World; close(): Promise<void> }> {
  const { database, store, arrivals, close } = await openDag({ patienceMs: 0 })
  return {
    newWorld: () => ({
      database,
      store,
      arrivals,
      tenantId: newId(),
      sources: new Map(),
      running: [],
      computing: new Map(),
      usage: noUsage,
    }),
    close,
  }
}

export const factOf = (world: World, blobId: string, operation: BlobFact['operation'], version: number, text: string): BlobFact => ({
  blob_id: blobId, user_id: world.tenantId, version, version_id: newId(), operation, content_type: 'text/plain', content_hash: sha256(text), size: text.length,
  delta_id: newId(), caused_by: null, created_by: 'user', parent_id: null, root_id: blobId, depth: 0, providers: 'auto', publication: world.sources.get(blobId)?.publication ?? 'immediate', traceparent: null,
}) // prettier-ignore

const apply = (world: World, facts: BlobFact[]) => (world.tell ? world.tell(facts) : tellDag(world, facts))

/** dag hears of these. */
export const tellDag = (world: World, facts: readonly BlobFact[]) =>
  applyBlobFacts({ store: world.store, providers, bell }, world.tenantId, facts)

export async function edit(world: World, index: number, text: string, repeat: boolean): Promise<void> {
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

/** A source is published in another way from now on, with the same content. */
export async function publishAs(world: World, id: string, publication: Publication): Promise<void> {
  const source = world.sources.get(id) ?? never(id)
  Object.assign(source, { version: source.version + 1, publication })
  await apply(world, [factOf(world, id, 'update', source.version, source.text)])
}

export async function publishOne(world: World, index: number, publication: Publication): Promise<void> {
  const id = [...world.sources.keys()][index % Math.max(1, world.sources.size)]
  if (id !== undefined && !world.sources.get(id)?.deleted) await publishAs(world, id, publication)
}

/** The first two sources change in one batch of facts. */
export async function editBoth(world: World, ...texts: readonly [string, string]): Promise<void> {
  const facts = [...world.sources].slice(0, 2).map(([id, source], index) => {
    Object.assign(source, { version: source.version + 1, text: texts[index] })
    return factOf(world, id, 'update', source.version, source.text)
  })
  await apply(world, facts)
}

export async function create(world: World, text: string, publication: Publication = 'immediate'): Promise<string> {
  const id = newId()
  world.sources.set(id, { version: 1, text, deleted: false, publication })
  await apply(world, [factOf(world, id, 'create', 1, text)])
  return id
}

export async function remove(world: World, index: number): Promise<void> {
  const ids = [...world.sources.keys()]
  const id = ids[index % ids.length]
  const source = id === undefined ? undefined : world.sources.get(id)
  if (!id || !source || source.deleted) return
  source.deleted = true
  source.version += 1
  await apply(world, [factOf(world, id, 'delete', source.version, source.text)])
}

/** A source that was deleted comes back, by a revert. */
export async function restore(world: World, index: number, text: string): Promise<void> {
  const ids = [...world.sources.keys()]
  const id = ids[index % ids.length]
  const source = id === undefined ? undefined : world.sources.get(id)
  if (!id || !source?.deleted) return
  Object.assign(source, { deleted: false, version: source.version + 1, text })
  await apply(world, [factOf(world, id, 'revert', source.version, text)])
}

const requester = (world: World) => ({ tenant_id: world.tenantId, user_id: world.tenantId, traceparent: null })

/** What is done by hand is refused where it makes no sense; that it is, and why, other tests see to. */
export async function unlessRefused(work: () => Promise<unknown>): Promise<void> {
  const refusals = [
    'blob_deleted',
    'budget_spent',
    'cascade_ended',
    'derivation_conflict',
    'derivation_cycle',
    'derivation_not_found',
    'derivation_too_deep',
    'job_not_failed',
  ]
  await work().catch((error: unknown) => {
    if (!isStudioError(error) || !refusals.includes(error.code)) throw error
  })
}

/** Of all blobs, also those of which dag has not heard yet. */
async function pick(world: World, ...indexes: number[]): Promise<string[]> {
  const nodes = (await allNodes(world)).map(({ blob_id }) => blob_id)
  const ids = [...new Set([...nodes, ...world.sources.keys()])]
  return indexes.flatMap((index) => ids[index % Math.max(1, ids.length)] ?? [])
}

const wishFor = (world: World, ids: readonly string[]) => ({
  provider: join,
  inputs: { texts: [...ids] },
  blobs: new Map(ids.flatMap((id) => (world.sources.has(id) ? [[id, sourceAsBlob(world, id)] as const] : []))),
})

/** A source as blob has it. */
function sourceAsBlob(world: World, id: string): Blob {
  const { version, text, deleted, publication = 'immediate' } = world.sources.get(id) ?? never(id)
  return {
    id, tenant_id: world.tenantId, user_id: world.tenantId, content_type: 'text/plain', content_hash: sha256(text), size: 1, version, version_id: newId(), parent_id: null,
    root_id: id, depth: 0, created_by: 'user', providers: 'auto', conflict_policy: 'reject', overlay: null, publication, metadata: {}, created_at: '', updated_at: '',
    deleted_at: deleted ? 'since then' : null,
  } // prettier-ignore
}

function never(id: string): never {
  throw new Error(`${id} is no source`)
}

/** Joins blobs into one; answers its id. */
export async function joinBlobs(world: World, ids: readonly string[], mark: number): Promise<string> {
  const { derivation } = await ensureDerivation(
    { store: world.store, bell },
    { ...requester(world), label: '' },
    { ...wishFor(world, ids), config: { mark } },
  )
  return derivation.blob_id
}

export function rewireJoin(world: World, blob_id: string, ids: readonly string[]): Promise<unknown> {
  const request = { ...requester(world), blob_id }
  return updateDerivation({ store: world.store, bell }, request, { ...wishFor(world, ids), config: null })
}

export function removeJoin(world: World, blob_id: string): Promise<unknown> {
  return removeDerivation({ store: world.store, bell }, { ...requester(world), blob_id })
}

export async function derive(world: World, one: number, other: number, mark: number): Promise<void> {
  const ids = await pick(world, one, other)
  if (ids.length > 0) await unlessRefused(() => joinBlobs(world, ids, mark))
}

/** A derived blob, as dag knows it. */
async function derivedAsBlob(world: World, id: string): Promise<Blob> {
  const node = (await allNodes(world)).find(({ blob_id }) => blob_id === id)
  if (!node || node.content_hash === null || node.content_type === null) throw new Error(`${id} has no content`)
  const { blob_id, tenant_id, user_id, content_type, content_hash, version, parent_id, root_id, depth, created_by } =
    node
  return {
    id: blob_id, tenant_id, user_id, content_type, content_hash, size: 1, version, version_id: newId(), parent_id, root_id, depth, created_by,
    providers: 'auto', conflict_policy: 'reject', overlay: null, publication: 'immediate', metadata: {}, created_at: '', updated_at: '', deleted_at: null,
  } // prettier-ignore
}

/** Asks for a run of the join of one blob, as blob tells of it. */
export async function runJob(world: World, id: string): Promise<string> {
  const blob = world.sources.has(id) ? sourceAsBlob(world, id) : await derivedAsBlob(world, id)
  const job = await createJob({ store: world.store, bell }, { ...requester(world), label: '' }, blob, join, { mark: 0 })
  return job.blob_id
}

export async function ask(world: World, index: number): Promise<void> {
  const nodes = (await allNodes(world)).filter(({ content_hash }) => content_hash !== null)
  const id = nodes[index % Math.max(1, nodes.length)]?.blob_id
  if (id !== undefined) await unlessRefused(() => runJob(world, id))
}

/** Gives a derivation other inputs, also such as would close a cycle, or none any more. */
export async function rewire(world: World, at: number, one: number, other: number): Promise<void> {
  const joins = (await allNodes(world)).filter((node) => node.provider_id === 'join')
  const id = joins[at % Math.max(1, joins.length)]?.blob_id
  if (id === undefined) return
  const ids = await pick(world, one, other)
  await unlessRefused(() => (one % 4 === 0 ? removeJoin(world, id) : rewireJoin(world, id, ids)))
}

export const allNodes = (world: World) =>
  world.database.query<NodeRow>('all-nodes', 'select * from node where tenant_id = $1 order by blob_id', [
    world.tenantId,
  ])

const itFailed = toProblem(new StudioError('provider_failed'))

export const settlement = (
  item: WorkItem,
  doomed: boolean,
  fate: number,
  usage: Usage,
  output = sha256(`output of ${item.key}`),
): SettleItem => {
  const common = {
    node_id: item.node_id,
    epoch: item.epoch,
    inputs: item.inputs,
    key: item.key,
    attempts: 1,
    error: null,
    duration_ms: 1,
    usage: item.memo || doomed ? noUsage : usage,
    size: 1,
    content_type: 'text/plain',
  }
  if (doomed) return { ...common, outcome: 'deleted', version: item.head_version + 1, content_hash: null }
  if (fate === 1) return { ...common, outcome: 'failed', version: null, content_hash: null }
  if (fate === 2) return { ...common, outcome: 'returned', error: itFailed, version: null, content_hash: null }
  if (item.head_hash === output)
    return {
      ...common,
      outcome: item.memo ? 'memo' : 'cutoff',
      version: item.head_version || null,
      content_hash: output,
    }
  return { ...common, outcome: item.memo ? 'memo' : 'version', version: item.head_version + 1, content_hash: output }
}

/**
 * One look of a cascade and the work that it gives. `fate`: 0 all succeeds, 1 fails, 2 returns, 3 the worker dies, 4 every settlement comes twice, 5 to 7
 * as 0 to 2, and it takes until `finish`.
 */
export async function work(world: World, fate: number): Promise<number> {
  const groups = await claimWork(
    { store: world.store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: newId(), request_id: newId(), limit: 50 },
  )
  for (const group of groups) await workOff(world, group, fate)
  return groups.length
}

/** A worker with one claim; in the end it goes on with what has become ready of its provider. */
async function workOff(world: World, first: ClaimGroup, fate: number): Promise<void> {
  for (let queue = [first]; ;) {
    const group = queue.shift()
    if (group === undefined) return
    if (fate === 3) {
      await world.database.execute(
        'expire',
        `update node set lease_until = now() - interval '1 s' where claim_id = $1`,
        [group.claim_id],
      )
      await releaseClaims(world.store, world.tenantId, [group.claim_id])
      return
    }
    const outcomes = await workOffClaim(
      world.database,
      group,
      (item, index) => settlement(item, group.kind === 'delete', index > 0 || fate === 4 ? 0 : fate % 5, world.usage),
      world.computing,
    )
    if (fate >= 5) {
      world.running.push({ claim_id: group.claim_id, outcomes })
      return
    }
    await settle(world, group.claim_id, outcomes)
    if (fate === 4) await settleWork({ store: world.store, providers }, group.claim_id, outcomes)
    if (queue.length === 0 && group.kind === 'run')
      queue = await claimNext(
        { store: world.store, providers, bell, arrivals: world.arrivals },
        { claim_id: first.claim_id, request_id: newId(), wait_ms: 0, time_ms: 240_000, resume: false },
        new AbortController().signal,
      )
  }
}

async function settle(world: World, claimId: string, outcomes: SettleItem[]): Promise<void> {
  await settleWork({ store: world.store, providers }, claimId, outcomes)
  for (const { key, outcome } of outcomes) if (key !== null && outcome !== 'memo') world.computing.delete(key)
}

/** What is under way ends. */
export async function finish(world: World): Promise<void> {
  for (const { claim_id, outcomes } of world.running.splice(0)) await settle(world, claim_id, outcomes)
}

/** A cascade workflow that found nothing to do wants to end. */
export async function rest(world: World): Promise<void> {
  await endCascade({ store: world.store, providers }, world.tenantId, newId())
}

interface CascadeOfWorld {
  id: string
  paused_by: string | null
  settled_at: Date | null
  cancelled_at: Date | null
  begun: number
}

/** Cascades, those that are open and the newest ones first. */
export const cascadesOf = (world: World) =>
  world.database.query<CascadeOfWorld>(
    'cascades-of-world',
    'select id, paused_by, settled_at, cancelled_at, begun from cascade where tenant_id = $1 order by settled_at desc nulls first, started_at desc, id',
    [world.tenantId],
  )

/** Asks something of a cascade; what is refused is thrown. */
export function ordered(
  world: World,
  cascade_id: string,
  action: CascadeAction,
  budget: Budget | null = null,
): Promise<string> {
  const { tenantId: tenant_id, store } = world
  return controlCascade({ store, bell }, { tenant_id, cascade: { cascade_id }, action, budget, traceparent: null })
}

export const runsOnly = (runs: number | null): Budget => ({ ...noBudget, runs })

/** Asks something of one of the newest cascades, with or without another budget. */
export async function control(
  world: World,
  index: number,
  action: CascadeAction | 'budget',
  runs: number | null,
): Promise<void> {
  const { store, tenantId } = world
  const some = (await cascadesOf(world)).slice(0, 6)
  const id = some[index % Math.max(1, some.length)]?.id
  if (id === undefined) return
  if (action === 'budget') return setCascadeBudget({ store }, tenantId, id, runsOnly(runs))
  await unlessRefused(() => ordered(world, id, action, action === 'resume' ? runsOnly(runs) : null))
}

export function capAll(world: World, budget: TenantBudget): Promise<void> {
  return setBudget({ store: world.store, bell }, world.tenantId, budget)
}

/** Nothing is capped any more, and what was paused goes on. */
async function uncap(world: World): Promise<void> {
  await capAll(world, { per_day: noBudget, per_cascade: noBudget })
  for (const { id } of await cascadesOf(world)) {
    await setCascadeBudget({ store: world.store }, world.tenantId, id, noBudget)
    const [cascade] = (await cascadesOf(world)).filter((one) => one.id === id)
    if (cascade?.paused_by) await ordered(world, id, 'resume')
  }
}

/** What failed is tried again, and what was cancelled is taken up again. */
export async function recover(world: World): Promise<void> {
  const left = (await allNodes(world)).filter(({ state }) => state === 'failed' || state === 'cancelled')
  for (const id of new Set(left.flatMap(({ cascade_id }) => cascade_id ?? []))) {
    await ordered(world, id, 'resume')
    await ordered(world, id, 'retry-failed')
  }
}

export async function statesOf(world: World): Promise<string[]> {
  return [...new Set((await allNodes(world)).map(({ state }) => state))].sort()
}

export async function drain(world: World): Promise<void> {
  await finish(world)
  await uncap(world)
  for (let round = 0; round < 200; round++) {
    if ((await work(world, 0)) > 0) continue
    if (await endCascade({ store: world.store, providers }, world.tenantId, newId())) return
  }
  throw new Error('the graph does not come to rest')
}
