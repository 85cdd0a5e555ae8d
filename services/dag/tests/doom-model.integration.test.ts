import type { BlobFact } from '@studio/contracts'
import { newId, StudioError, toProblem } from '@studio/kernel'
import fc from 'fast-check'
import { claimWork } from '../src/domain/claim-work.ts'
import { retryJob } from '../src/domain/retry-job.ts'
import { reconcile } from '../src/domain/reconcile.ts'
import { abandonClaim } from '../src/domain/settle-work.ts'
import { createBacklog } from '../src/store/backlog.ts'
import { createJobReader, createPrisma } from '../src/store/job-reader.ts'
import { bell } from './fixture.ts'
import { control, drain, recover } from './graph-control.ts'
import { finish, rest, work } from './graph-work.ts'
import {
  allNodes,
  ask,
  create,
  derive,
  edit,
  factOf,
  openGraphs,
  providers,
  remove,
  restore,
  rewire,
  tellDag,
  unlessRefused,
  type World,
} from './graph-world.ts'

/**
 * Deletion against all else: sources go and come back, cascades are cancelled and taken up again, runs fail, are given up, tried again and lost, derivations are made and rewired,
 * users edit what is derived; dag hears of one blob in order, of several in any order, of anything twice, and of much of it late. When it is quiet a derived blob is
 * deleted exactly where nothing that is there feeds it, over any number of steps.
 */

let graphs: Awaited<ReturnType<typeof openGraphs>>
let prisma: ReturnType<typeof createPrisma>

beforeAll(async () => {
  graphs = await openGraphs()
  prisma = createPrisma(graphs.newWorld().database)
}, 120_000)

afterAll(async () => {
  await prisma?.$disconnect()
  await graphs?.close()
})

/** Facts that dag has not heard of yet, by blob, and those that it has. */
interface LateWorld extends World {
  readonly untold: Map<string, BlobFact[]>
  readonly told: BlobFact[]
}

function lateWorld(): LateWorld {
  const untold = new Map<string, BlobFact[]>()
  const tell = (facts: BlobFact[]): Promise<void> => {
    for (const fact of facts) untold.set(fact.blob_id, [...(untold.get(fact.blob_id) ?? []), fact])
    return Promise.resolve()
  }
  return { ...graphs.newWorld(), tell, untold, told: [] }
}

/** dag hears the next `count` facts of a blob, or of all blobs, in one go, and some of what it has heard already. */
async function hear(world: LateWorld, index: number | null, count: number, again: number): Promise<void> {
  const waiting = [...world.untold.keys()]
  const ids = index === null ? waiting : waiting.slice(index % Math.max(1, waiting.length)).slice(0, 1)
  const next = ids.flatMap((id) => (world.untold.get(id) ?? []).splice(0, count))
  for (const id of ids) if (world.untold.get(id)?.length === 0) world.untold.delete(id)
  const repeated = again > 0 ? world.told.slice(-again) : []
  world.told.push(...next)
  if (next.length + repeated.length > 0) await tellDag(world, [...repeated, ...next])
}

async function hearAll(world: LateWorld): Promise<void> {
  while (world.untold.size > 0) await hear(world, null, 10, 0)
}

/** A user edits what blob has of a derived node; dag may not know that it was made. */
async function editDerived(world: LateWorld, index: number): Promise<void> {
  const made = (await allNodes(world)).filter(
    ({ provider_id, state, version, ...node }) =>
      provider_id !== null && state !== 'deleted' && (version > 0 || (node as { leases?: number }).leases),
  )
  const node = made[index % Math.max(1, made.length)]
  if (!node) return
  const { blob_id, parent_id, root_id, depth } = node
  const heard = world.untold.get(blob_id)?.at(-1)?.version ?? 0
  const version = Math.max(node.version, heard, 1) + 1
  const fact = factOf(world, blob_id, 'update', version, `by hand ${version}`)
  await world.tell?.([{ ...fact, parent_id, root_id, depth }])
}

/** Children that can do nothing with their claims give them up. */
async function giveUp(world: World): Promise<void> {
  const { store, tenantId: tenant_id } = world
  const request = { tenant_id, cascade_id: newId(), request_id: newId(), limit: 2 }
  const problem = toProblem(new StudioError('provider_failed'))
  for (const { kind, claim_id } of await claimWork({ store, providers, taskQueue: 'q' }, request))
    if (kind === 'run') await abandonClaim({ store }, claim_id, problem, 3)
    else
      await world.database.execute('expire-claim', 'update node set lease_until = now() where claim_id = $1', [
        claim_id,
      ])
}

async function retry(world: World, index: number): Promise<void> {
  const failed = (await allNodes(world)).flatMap(({ last_run_id }) => last_run_id ?? [])
  const id = failed[index % Math.max(1, failed.length)]
  const jobs = createJobReader(prisma, world.database)
  if (id !== undefined)
    await unlessRefused(() => retryJob({ store: world.store, jobs, bell }, world.tenantId, id, null))
}

const raise = (_tenantId: string | null, error: unknown): void => {
  throw error
}

async function reconcileAll({ store, database }: World): Promise<void> {
  const workflows = { isAwake: () => Promise.resolve(false), isRunning: () => Promise.resolve(false) }
  await reconcile(
    { store, backlog: createBacklog(database, 30_000), bell, workflows, onFailure: raise },
    { patienceMs: 0, mayRelease: true },
  )
}

const at = fc.nat(20)
const kinds = <Kind extends string, Args extends object>(
  kind: Kind,
  weight: number,
  args: { [Name in keyof Args]: fc.Arbitrary<Args[Name]> },
) => ({ weight, arbitrary: fc.record<Args>(args).map((drawn) => ({ kind, ...drawn })) })

const text = fc.constantFrom('a', 'b', 'c')
const step = fc.oneof(
  kinds('create', 1, { text }),
  kinds('edit', 2, { at, text }),
  kinds('remove', 3, { at }),
  kinds('restore', 3, { at, text }),
  kinds('hear', 6, { at, count: fc.integer({ min: 1, max: 3 }), again: fc.oneof(fc.constant(0), fc.nat(4)) }),
  kinds('by hand', 3, { at }),
  kinds('derive', 3, { at, other: at, mark: fc.nat(1) }),
  kinds('rewire', 2, { at, one: at, other: at }),
  kinds('ask', 1, { at }),
  kinds('retry', 1, { at }),
  kinds('control', 4, { at, action: fc.constantFrom('cancel', 'resume', 'retry-failed', 'pause') }),
  kinds('work', 7, { fate: fc.nat(7) }),
  kinds('give up', 1, {}),
  kinds('finish', 2, {}),
  kinds('rest', 1, {}),
  kinds('reconcile', 2, {}),
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

async function run(world: LateWorld, one: Step): Promise<unknown> {
  if (one.kind === 'create') return create(world, one.text)
  if (one.kind === 'edit') return edit(world, one.at, one.text, false)
  if (one.kind === 'remove') return remove(world, one.at)
  if (one.kind === 'restore') return restore(world, one.at, one.text)
  if (one.kind === 'hear') return hear(world, one.at, one.count, one.again)
  if (one.kind === 'by hand') return editDerived(world, one.at)
  if (one.kind === 'derive') return derive(world, one.at, one.other, one.mark)
  if (one.kind === 'rewire') return rewire(world, one.at, one.one, one.other)
  if (one.kind === 'ask') return ask(world, one.at)
  if (one.kind === 'retry') return retry(world, one.at)
  if (one.kind === 'control') return control(world, one.at, one.action, null)
  if (one.kind === 'work') return work(world, one.fate)
  if (one.kind === 'give up') return giveUp(world)
  if (one.kind === 'finish') return finish(world)
  if (one.kind === 'rest') return rest(world)
  return reconcileAll(world)
}

/** Nothing waits, and deleted is what nothing feeds that blob has. */
async function expectExactlyDoomed(world: World): Promise<void> {
  const nodes = new Map((await allNodes(world)).map((node) => [node.blob_id, node]))
  const edges = await world.database.query<{ source_id: string; target_id: string }>(
    'edges-of-world',
    'select source_id, target_id from edge join node on node.blob_id = edge.target_id where node.tenant_id = $1 and valid_to is null',
    [world.tenantId],
  )
  const isThere = (id: string): boolean => {
    if (nodes.get(id)?.provider_id === null) return world.sources.get(id)?.deleted === false
    return edges.some(({ source_id, target_id }) => target_id === id && isThere(source_id))
  }
  for (const [id, { state, doomed, ...node }] of nodes) {
    const told = [id, node.provider_id, node.version, state]
    expect([...told, state === 'deleted', doomed]).toEqual([...told, !isThere(id), false])
    expect([...told.slice(0, 3), ['dirty', 'running'].includes(state)]).toEqual([...told.slice(0, 3), false])
    const sources = edges.flatMap(({ source_id, target_id }) => (target_id === id ? (nodes.get(source_id) ?? []) : []))
    const isHindered = sources.some((source) => ['failed', 'blocked', 'cancelled'].includes(source.state))
    if (state === 'blocked') expect([...told, isHindered]).toEqual([...told, true])
    if (state === 'settled') expect([...told, isHindered]).toEqual([...told, false])
  }
}

test('after any history deleted is exactly what nothing feeds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (history) => {
      const world = lateWorld()
      await create(world, 'a')
      await create(world, 'b')
      await hear(world, null, 1, 0)
      for (const one of history) await run(world, one)
      await hearAll(world)
      await reconcileAll(world)
      await drain(world)
      await expectExactlyDoomed(world)
      await recover(world)
      await drain(world)
      await expectExactlyDoomed(world)
      const states = (await allNodes(world)).map(({ state }) => state)
      expect(['settled', 'deleted']).toEqual(expect.arrayContaining([...new Set(states)]))
    }),
    { numRuns: Number(process.env['STUDIO_PROPERTY_RUNS'] ?? 60) },
  )
}, 300_000)
