import { isStudioError, newId, sha256 } from '@studio/kernel'
import {
  noUsage,
  type Blob,
  type BlobFact,
  type Provider,
  type Publication,
  type SettleItem,
  type Usage,
} from '@studio/contracts'
import type { Database } from '@studio/database'
import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import { createJob } from '../src/domain/create-job.ts'
import { ensureDerivation, removeDerivation, updateDerivation } from '../src/domain/derivations.ts'
import type { Arrivals, GraphStore, NodeRow, Providers } from '../src/domain/ports.ts'
import { aProvider, bell, openDag } from './fixture.ts'
import type { Computing } from './test-worker.ts'

/**
 * A tenant's graph on a real database, without the rest of the studio: three providers, the sources as blob would have them and what dag hears of them, and what
 * somebody derives of them by hand. What becomes ready here is worked off in `graph-work.ts`; cascades and budgets are in `graph-control.ts`.
 */

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
  applyBlobFacts({ store: world.store, providers, bell, arrivals: world.arrivals }, world.tenantId, facts)

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

export async function statesOf(world: World): Promise<string[]> {
  return [...new Set((await allNodes(world)).map(({ state }) => state))].sort()
}
