import type { ClaimGroup, ClaimInput, Provider } from '@studio/contracts'
import { contentsByName, derivationKey, StudioError } from '@studio/kernel'
import { createAllowance, type Allowance } from './allowance.ts'
import { looked } from './cascade-slots.ts'
import { cascadesOf } from './cascades-of.ts'
import { currentProviders, roomForCrews, slowBatchMs, type KnownProviders } from './crews.ts'
import type { WaitingNode } from './closed-sub-graph.ts'
import { fillRoom, fitting, groupClaims, takesAlong, type PlannedGroup, type ReadyNode } from './group-claims.ts'
import type { GraphStore, GraphTransaction, NodeRow, Providers } from './ports.ts'
import { withReadings } from './readings.ts'
import { settleFresh, type FreshNode } from './settle-fresh.ts'
import { failNodes } from './settle-work.ts'

export interface ClaimRequest {
  tenant_id: string
  cascade_id: string
  request_id: string
  limit: number
  /** Claims whose end the cascade's workflow will not see. */
  orphans?: readonly string[]
}

/**
 * Leases all that is ready in a tenant. A node whose inputs are what its last run had is fresh: it settles here without a run, and what
 * waits for it is looked at in turn (early cutoff). One whose output another run is computing waits for that one's record. What would run beyond a budget is put aside and its cascade paused; a cascade that
 * somebody has paused is put aside whole. The same request answers the same groups, so that a lost answer loses no work.
 */
export async function claimWork(
  deps: { store: GraphStore; providers: Providers; taskQueue: string },
  request: ClaimRequest,
): Promise<ClaimGroup[]> {
  const known = await currentProviders(deps, request.tenant_id)
  return await deps.store.transaction(request.tenant_id, async (graph) => {
    const before = await graph.readClaimsOfRequest(request.request_id)
    if (before.length > 0) return before.map((claim) => claim.work)
    graph.saveCascadeSlots(looked(graph.cascadeSlots, request.cascade_id))
    await graph.orphanClaims(request.orphans ?? [])

    const crews = async () => roomForCrews(known, await graph.listAtWork(slowBatchMs))
    return await takeReady(graph, known, {
      request_id: request.request_id,
      limit: request.limit,
      crews,
      list: (room, crews) => graph.listReady(room, crews),
      group: (ready, below) => groupClaims(ready, below, deps.taskQueue),
    })
  })
}

export interface Taking {
  readonly request_id: string
  /** Nodes at most, with what comes along. */
  readonly limit: number
  /** By provider, how many nodes may be leased at most. */
  crews(): Promise<ReadonlyMap<string, number>>
  list(room: number, crews: ReadonlyMap<string, number>): Promise<NodeRow[]>
  group(ready: readonly ReadyNode[], below: readonly WaitingNode[]): PlannedGroup[]
}

/** Leases ready nodes; those that need no run settle here. */
export async function takeReady(graph: GraphTransaction, known: KnownProviders, taking: Taking): Promise<ClaimGroup[]> {
  const claimed: ClaimGroup[] = []
  let part = 1 / 8
  for (let room = taking.limit; room > 0;) {
    const crews = await taking.crews()
    const listed = await taking.list(room, crews)
    if (listed.length === 0) break
    const { nodes, below } = await lookBelow(graph, known, listed, { room, crews, part })
    const [{ waved, stopped, allowance }, inputs] = await Promise.all([
      govern(graph, nodes),
      graph.listInputs(nodes.map(({ blob_id }) => blob_id)),
    ])
    const judged = sort(known, waved, inputs)
    const { unrunnable, fresh } = judged
    const keys = await listKnownKeys(graph, judged.ready)
    const fits = fitting(judged.ready, below, room, crews)
    const { ready, waiting, held } = share(fits.ready, keys, allowance)
    const groups = taking.group(ready, fits.below)
    await graph.addClaims(
      taking.request_id,
      groups.map(({ group }) => ({ id: group.claim_id, tenant_id: graph.tenantId, work: group })),
    )
    await graph.lease(groups.flatMap(({ leases }) => leases))
    room -= groups.reduce((nodes, { group }) => nodes + group.size, 0)
    claimed.push(...groups.map(({ group }) => group))
    await failNodes(graph, unrunnable)
    await freeFresh(graph, fresh)
    await graph.awaitRuns(waiting)
    await putAside(graph, [...stopped, ...held], allowance)
    if ([fresh, unrunnable, waiting, held, stopped].every((none) => none.length === 0)) break
    // Where some need no run the first few say little of the others, and there may be as many looks as nodes.
    part = 1
  }
  return claimed
}

/** Which of these nodes may be looked at, which stop because somebody has paused their cascade, and what the others may begin. */
async function govern(
  graph: GraphTransaction,
  nodes: readonly NodeRow[],
): Promise<{ waved: NodeRow[]; stopped: NodeRow[]; allowance: Allowance }> {
  const governed = await graph.listGoverned([...new Set(nodes.flatMap(({ cascade_id }) => cascade_id ?? []))])
  const paused = new Set(governed.filter(({ paused_by }) => paused_by === 'request').map(({ id }) => id))
  const stops = ({ doomed, cascade_id }: NodeRow): boolean => !doomed && cascade_id !== null && paused.has(cascade_id)
  return {
    waved: nodes.filter((node) => !stops(node)),
    stopped: nodes.filter(stops),
    allowance: createAllowance(governed, { budget: graph.budget.per_day, spent: graph.spentToday }),
  }
}

async function putAside(
  graph: GraphTransaction,
  held: readonly NodeRow[],
  { begun, pauses }: Allowance,
): Promise<void> {
  await graph.hold(held.map(({ blob_id }) => blob_id))
  await graph.pauseCascades(pauses)
  await graph.countBegun(begun)
  const runs = [...begun.values()].reduce((sum, count) => sum + count, 0)
  if (runs > 0) graph.spend({ runs, tokens: 0, cost_microdollars: 0 })
}

interface Sorted {
  ready: ReadyNode[]
  fresh: FreshNode[]
  unrunnable: { node: NodeRow; error: StudioError }[]
}

function sort(
  known: KnownProviders,
  nodes: readonly NodeRow[],
  inputs: ReadonlyMap<string, readonly ClaimInput[]>,
): Sorted {
  const sorted: Sorted = { ready: [], fresh: [], unrunnable: [] }
  for (const node of nodes) {
    if (node.doomed) {
      sorted.ready.push({ node, derivation: null })
      continue
    }
    const provider = known.get(node.provider_id ?? '')
    // It became ready since the look-up: the next claim takes it.
    if (provider === undefined) continue
    const refusal = refusalOf(node, provider)
    if (!provider || refusal) {
      sorted.unrunnable.push({ node, error: refusal ?? new StudioError('provider_not_found') })
      continue
    }
    const given = withReadings(inputs.get(node.blob_id) ?? [], node.readings)
    const absent = Object.keys(provider.inputs).find((name) => !given.some((input) => input.name === name))
    if (absent !== undefined) {
      sorted.unrunnable.push({ node, error: inputGone(provider, absent) })
      continue
    }
    const key = derivationKey({
      provider_id: provider.id,
      provider_version: provider.version,
      config: node.config,
      inputs: contentsByName(given),
    })
    if (key === node.last_key && node.version > 0)
      sorted.fresh.push({ node, key, provider_version: provider.version, inputs: given })
    else sorted.ready.push({ node, derivation: { key, provider } })
  }
  return sorted
}

/**
 * What of cheap providers may go along with ready nodes. Where a first `part` of what there is room for fills it, it is these few: below all that is ready under a wide
 * and deep graph there is ten times what one claim takes (10,000 nodes: a quarter of PostgreSQL's time). Caps count run by run: under one nothing goes along.
 */
async function lookBelow(
  graph: GraphTransaction,
  known: KnownProviders,
  nodes: readonly NodeRow[],
  { room, crews, part }: { room: number; crews: ReadonlyMap<string, number>; part: number },
): Promise<{ nodes: readonly NodeRow[]; below: WaitingNode[] }> {
  if (Object.values(graph.budget.per_day).some((cap) => cap !== null)) return { nodes, below: [] }
  const providerOf = (node: NodeRow): Provider | null => known.get(node.provider_id ?? '') ?? null
  const cheap = Map.groupBy(
    nodes.filter((node) => takesAlong(node, providerOf(node))),
    providerOf,
  )
  const below: WaitingNode[] = []
  const later = new Set<NodeRow>()
  for (const [provider, ofIt] of cheap) {
    if (!provider) continue
    const list = (some: readonly NodeRow[]): Promise<WaitingNode[]> =>
      graph.listWaitingBelow(
        provider,
        some.map(({ blob_id }) => blob_id),
      )
    const most = Math.min(room, crews.get(provider.id) ?? room)
    const few = ofIt.slice(0, Math.ceil(most * part))
    const others = ofIt.slice(few.length)
    const found = await list(few)
    if (fillRoom(few, found, most)) for (const node of others) later.add(node)
    else if (others.length > 0) found.push(...(await list(others)))
    below.push(...new Map(found.map((node) => [node.blob_id, node])).values())
  }
  return { nodes: nodes.filter((node) => !later.has(node)), below }
}

interface KnownKeys {
  readonly recorded: ReadonlySet<string>
  readonly running: ReadonlySet<string>
}

async function listKnownKeys(graph: GraphTransaction, ready: readonly ReadyNode[]): Promise<KnownKeys> {
  const keys = new Set(ready.flatMap(({ derivation }) => derivation?.key ?? []))
  const known = await graph.listKnown([...keys])
  return {
    recorded: new Set(known.filter(({ is_recorded }) => is_recorded).map(({ key }) => key)),
    running: new Set(known.filter(({ is_running }) => is_running).map(({ key }) => key)),
  }
}

interface Shared {
  ready: ReadyNode[]
  waiting: { blob_id: string; key: string }[]
  held: NodeRow[]
}

/** One computation for one key at a time: of the nodes that ask for what nobody has recorded the first that may runs, and the others wait. */
function share(nodes: readonly ReadyNode[], { recorded, running }: KnownKeys, allowance: Allowance): Shared {
  const computed = new Set(running)
  const ready: ReadyNode[] = []
  const waiting: { blob_id: string; key: string }[] = []
  const held: NodeRow[] = []
  for (const one of nodes) {
    const key = one.derivation?.key
    if (key === undefined || recorded.has(key)) ready.push(one)
    else if (computed.has(key)) waiting.push({ blob_id: one.node.blob_id, key })
    else if (allowance.admits(one.node)) {
      computed.add(key)
      ready.push(one)
    } else held.push(one.node)
  }
  return { ready, waiting, held }
}

function refusalOf(node: NodeRow, provider: Provider | null): StudioError | null {
  if (!provider)
    return new StudioError('provider_not_found', `Register the provider ${node.provider_id}, then retry the job.`)
  if (provider.status === 'disabled')
    return new StudioError('provider_disabled', `Enable the provider ${provider.id}, then retry the job.`)
  return null
}

function inputGone(provider: Provider, name: string): StudioError {
  return new StudioError(
    'input_not_supported',
    `${provider.id} needs its input ${name}, which has been deleted: restore it, or give the derivation another one.`,
  )
}

async function freeFresh(graph: GraphTransaction, fresh: readonly FreshNode[]): Promise<void> {
  if (fresh.length === 0) return
  await settleFresh(graph, fresh)
  await graph.countDown(fresh.map(({ node }) => node.blob_id))
  await graph.closeCascades(cascadesOf(fresh.map(({ node }) => node)))
}
