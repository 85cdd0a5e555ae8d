import type { Spent } from '@studio/contracts'
import type { Database, Transaction } from '@studio/database'
import type { GraphStore, GraphTransaction, StoredClaim } from '../domain/ports.ts'
import {
  cancelCascade,
  countBegun,
  findCascade,
  giveUp,
  hold,
  letGoOn,
  listGoverned,
  listUnsettled,
  pauseCascades,
  setCascadeBudget,
} from './cascades.ts'
import { readNewClaim } from './claim-reader.ts'
import { addDerivations, listEdgesBelow, listInputs, readInputs, replaceInputs } from './edges.ts'
import { readDerivation } from './read-derivation.ts'
import { addCascades, addEvents, closeCascades } from './events.ts'
import { addClaims, orphanClaims, lease, readClaimsOfRequest, release, returnClaims, returnStranded } from './leases.ts'
import { awaitRuns, listKnown, wakeSharers } from './sharing.ts'
import { blockBelow, countDown, markAgain, markDirty, markDoomed } from './marks.ts'
import {
  addAncestry,
  hasClaimed,
  hasReady,
  listAtWork,
  listReady,
  listReadyOf,
  listReadyProviders,
  putEdits,
  putSources,
  readClaimedNodes,
  readNodes,
  setConfig,
} from './nodes.ts'
import { observeDepth } from '../telemetry.ts'
import { addMemos, dropSpareMemos, forgetMemos } from './memos.ts'
import { addJob, addRuns, listJobNodes, settle, settleFresh } from './outcomes.ts'
import { publishSettled, type Touched } from './publications.ts'
import { purgingTransaction } from './purge/purging.ts'
import { listWaitingBelow } from './waiting.ts'
import { lockTenant, saveTenant, type Tenant } from './tenant.ts'

/** How long a lease lasts, and how long runs are taken away by newer changes before one is left to end, in milliseconds. */
export interface Times {
  readonly leaseMs: number
  readonly patienceMs: number
}

/** `afterCommit` is called when a transaction has changed a tenant's graph, and put rows into the outbox; `published`: there is news for readers. */
export function createGraphStore(
  database: Database,
  times: Times,
  afterCommit: (tenantId: string, published: boolean) => void,
): GraphStore {
  return {
    async transaction(tenantId, work) {
      const { result, published } = await database.transaction(async (tx) => {
        const before = await lockTenant(tx, tenantId)
        const state = { tenant: before, runsEnded: false, moved: new Set<string>(), rooted: new Set<string>() }
        const result = await work(graphTransaction(tx, tenantId, times, state))
        if (state.runsEnded) await wakeSharers(tx, tenantId)
        const { publishes, revision } = state.tenant
        const news = publishes ? await publishSettled(tx, tenantId, revision, state) : null
        if (news?.publishes === false) state.tenant = { ...state.tenant, publishes: false }
        if (state.tenant !== before) await saveTenant(tx, tenantId, state.tenant)
        return { result, published: news?.published ?? false }
      })
      afterCommit(tenantId, published)
      return result
    },
    async findClaim(claimId) {
      const [claim] = await database.query<StoredClaim>(
        'find-claim',
        'select id, tenant_id, work from claim where id = $1',
        [claimId],
      )
      return claim ?? null
    },
    async findOrphan(claimId) {
      const [claim] = await database.query<StoredClaim>(
        'find-orphan',
        `select id, tenant_id, work from claim where id = $1 and exists (
           select from claim first where first.tenant_id = claim.tenant_id and first.work->>'workflow_id' = claim.work->>'workflow_id' and first.orphaned)`,
        [claimId],
      )
      return claim ?? null
    },
    async listClaimsOf(tenantId, workflowId) {
      const rows = await database.query<Pick<StoredClaim, 'work'>>(
        'list-claims-of',
        `select work from claim where tenant_id = $1 and work->>'workflow_id' = $2
           and id in (select claim_id from node where claim_id is not null and node.tenant_id = $1 and state = 'running')`,
        [tenantId, workflowId],
      )
      return rows.map(({ work }) => work)
    },
    listReadyProviders: (tenantId) => listReadyProviders(database, tenantId),
    hasClaimed: (tenantId, requestId) => hasClaimed(database, tenantId, requestId),
    readDerivation: (tenantId, blobId) => readDerivation(database, tenantId, blobId),
    readNodes: (tenantId, blobIds) => readNodes(database, tenantId, blobIds),
  }
}

function graphTransaction(
  tx: Transaction,
  tenantId: string,
  { leaseMs, patienceMs }: Times,
  state: { tenant: Tenant; runsEnded: boolean } & Touched,
): GraphTransaction {
  const ending = <Given extends unknown[], Result>(run: (...given: Given) => Promise<Result>) => {
    return (...given: Given): Promise<Result> => {
      state.runsEnded = true
      return run(...given)
    }
  }
  /** Looks for what is ready: who has waited for a run that has ended here is. */
  const looking = <Given extends unknown[], Result>(look: (...given: Given) => Promise<Result>) => {
    return async (...given: Given): Promise<Result> => {
      if (state.runsEnded) await wakeSharers(tx, tenantId)
      state.runsEnded = false
      return await look(...given)
    }
  }
  const purging = purgingTransaction(tx, tenantId)
  const touch = (which: keyof Touched, ids: readonly string[]): void => {
    for (const id of ids) state[which].add(id)
  }
  const noteEdges = (): void => {
    state.tenant = { ...state.tenant, edgesRevision: state.tenant.revision }
  }
  return {
    tenantId,
    get cascadeSlots() {
      return state.tenant.slots
    },
    saveCascadeSlots(slots) {
      state.tenant = { ...state.tenant, slots }
    },
    get budget() {
      return state.tenant.budget
    },
    get spentToday() {
      return state.tenant.spent
    },
    setBudget(budget) {
      state.tenant = { ...state.tenant, budget }
    },
    spend(more) {
      state.tenant = { ...state.tenant, spent: sum(state.tenant.spent, more) }
    },
    readNodes: (ids) => readNodes(tx, tenantId, ids),
    readClaimedNodes: (claimId) => readClaimedNodes(tx, tenantId, claimId),
    listReady: looking((limit, crews) => listReady(tx, tenantId, limit, crews)),
    listReadyOf: looking((providerId, limit) => listReadyOf(tx, tenantId, providerId, limit)),
    hasReady: looking((but) => hasReady(tx, tenantId, but)),
    listReadyProviders: looking(() => listReadyProviders(tx, tenantId)),
    listAtWork: (slowBatchMs) => listAtWork(tx, tenantId, slowBatchMs),
    listWaitingBelow: (provider, ids) => listWaitingBelow(tx, tenantId, provider, ids),
    readNewClaim: (claimId) => readNewClaim(tx, claimId),
    listInputs: (ids) => listInputs(tx, ids),
    listEdgesBelow: (ids) => listEdgesBelow(tx, ids),
    putSources: async (heads) => {
      const moved = await putSources(tx, tenantId, heads)
      if (heads.some(({ publication }) => publication === 'atomic') && !state.tenant.publishes)
        state.tenant = { ...state.tenant, publishes: true }
      for (const { blob_id, is_regated } of moved) touch(is_regated ? 'rooted' : 'moved', [blob_id])
    },
    putEdits: (heads) => {
      touch(
        'moved',
        heads.map(({ blob_id }) => blob_id),
      )
      return putEdits(tx, tenantId, heads)
    },
    addDerivations: async (derivations) => {
      for (const derivation of derivations) observeDepth(derivation.root_id, derivation.depth)
      touch(
        'rooted',
        derivations.map(({ blob_id }) => blob_id),
      )
      const added = await addDerivations(tx, tenantId, derivations)
      if (added.length > 0) noteEdges()
      return added
    },
    setConfig: (id, config) => setConfig(tx, tenantId, id, config),
    markDirty: ending((causes, roots, seeds) => markDirty(tx, tenantId, patienceMs, causes, roots, seeds)),
    markAgain: (ids) => markAgain(tx, tenantId, ids),
    blockBelow: (ids) => blockBelow(tx, tenantId, ids),
    markDoomed: ending((cause, ids) => {
      touch('moved', ids)
      return markDoomed(tx, tenantId, cause, ids)
    }),
    readInputs: (id) => readInputs(tx, id),
    replaceInputs: async (id, inputs) => {
      if (state.tenant.publishes) touch('moved', Object.values(await readInputs(tx, id)).flat())
      touch('rooted', [id])
      noteEdges()
      await replaceInputs(tx, tenantId, id, inputs)
    },
    addAncestry: (ids, providers) => addAncestry(tx, tenantId, ids, providers),
    listKnown: (keys) => listKnown(tx, tenantId, keys),
    awaitRuns: (waiting) => awaitRuns(tx, tenantId, waiting),
    lease: (leases) => lease(tx, tenantId, leaseMs, leases),
    release: ending((nodes) => release(tx, tenantId, nodes)),
    returnStranded: ending((ids) => returnStranded(tx, tenantId, ids)),
    returnClaims: ending((claimIds, which) => returnClaims(tx, tenantId, claimIds, which)),
    settle: ending((settlements) => {
      touch(
        'moved',
        settlements.map(({ blob_id }) => blob_id),
      )
      return settle(tx, tenantId, settlements)
    }),
    settleFresh: ending((nodes) => {
      touch(
        'moved',
        nodes.map(({ blob_id }) => blob_id),
      )
      return settleFresh(tx, tenantId, nodes)
    }),
    countDown: (ids) => countDown(tx, ids),
    addRuns: (runs) => addRuns(tx, tenantId, runs),
    addMemos: (memos) => addMemos(tx, tenantId, memos),
    forgetMemos: (keys) => forgetMemos(tx, tenantId, keys),
    dropSpareMemos: (keys) => dropSpareMemos(tx, tenantId, keys),
    addJob: (job) => addJob(tx, tenantId, job),
    listJobNodes: (ids) => listJobNodes(tx, ids),
    addClaims: (requestId, claims) => addClaims(tx, requestId, claims),
    orphanClaims: (claimIds) => orphanClaims(tx, tenantId, claimIds),
    readClaimsOfRequest: (requestId) => readClaimsOfRequest(tx, tenantId, requestId),
    addCascades: (cascades) => addCascades(tx, tenantId, cascades, state.tenant.budget.per_cascade),
    closeCascades: (ids) => closeCascades(tx, tenantId, ids),
    findCascade: (name) => findCascade(tx, tenantId, name),
    listGoverned: (ids) => listGoverned(tx, tenantId, ids),
    listUnsettled: (id) => listUnsettled(tx, tenantId, id),
    setCascadeBudget: (id, budget) => setCascadeBudget(tx, tenantId, id, budget),
    pauseCascades: (pauses) => pauseCascades(tx, tenantId, pauses),
    letGoOn: (which) => letGoOn(tx, tenantId, which),
    hold: (ids) => hold(tx, tenantId, ids),
    countBegun: (begun) => countBegun(tx, tenantId, begun),
    cancelCascade: ending((id) => cancelCascade(tx, tenantId, id)),
    giveUp: ending((id, ids) => giveUp(tx, tenantId, id, ids)),
    addEvents: (events) => addEvents(tx, tenantId, events),
    purging: { ...purging, retake: ending(purging.retake) },
  }
}

function sum(one: Spent, other: Spent): Spent {
  return {
    runs: one.runs + other.runs,
    tokens: one.tokens + other.tokens,
    cost_microdollars: one.cost_microdollars + other.cost_microdollars,
  }
}
