import { noUsage, type ClaimGroup, type SettleItem, type Usage } from '@studio/contracts'
import { newId, sha256, StudioError, toProblem } from '@studio/kernel'
import { claimNext, settleAndGoOn } from '../src/domain/claim-next.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { endCascade } from '../src/domain/end-cascade.ts'
import { releaseClaims } from '../src/domain/reconcile.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { bell } from './fixture.ts'
import { providers, type World } from './graph-world.ts'
import { workOffClaim, type WorkItem } from './test-worker.ts'

/**
 * What cascade workflows and workers do with a world: they claim what is ready, settle it in whichever way a test wants it to end (well, badly, late, twice, or not at
 * all), and look whether a cascade may end.
 */

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
    if (queue.length > 0 || group.kind !== 'run') {
      await settle(world, group.claim_id, outcomes)
      if (fate === 4) await settle(world, group.claim_id, outcomes)
    } else queue = await settleAndClaim(world, first, group, outcomes, fate === 4)
  }
}

/** Settles the last claim that a worker has; what it goes on with it is leased with that, or asks for then. */
async function settleAndClaim(
  world: World,
  first: ClaimGroup,
  { claim_id }: ClaimGroup,
  outcomes: SettleItem[],
  isTwice: boolean,
): Promise<ClaimGroup[]> {
  const { store, arrivals } = world
  const { signal } = new AbortController()
  const asked = { request_id: newId(), time_ms: 240_000 }
  const settleOnce = () => settleAndGoOn({ store, providers, bell, arrivals }, claim_id, outcomes, asked, signal)
  const answer = await settleOnce()
  // Said again it answers the same, unless another hand has taken away what was leased, or made something ready, meanwhile.
  const { groups } = isTwice ? await settleOnce() : answer
  noteSettled(world, outcomes)
  if (groups.length > 0) return groups
  return claimNext(
    { store, providers, bell, arrivals },
    { ...asked, claim_id: first.claim_id, request_id: newId(), wait_ms: 0, resume: false },
    signal,
  )
}

async function settle(world: World, claimId: string, outcomes: SettleItem[]): Promise<void> {
  await settleWork({ store: world.store, providers }, claimId, outcomes)
  noteSettled(world, outcomes)
}

function noteSettled({ computing }: World, outcomes: readonly SettleItem[]): void {
  for (const { key, outcome } of outcomes) if (key !== null && outcome !== 'memo') computing.delete(key)
}

/** What is under way ends. */
export async function finish(world: World): Promise<void> {
  for (const { claim_id, outcomes } of world.running.splice(0)) await settle(world, claim_id, outcomes)
}

/** A cascade workflow that found nothing to do wants to end. */
export async function rest(world: World): Promise<void> {
  await endCascade({ store: world.store, providers }, world.tenantId, newId())
}
