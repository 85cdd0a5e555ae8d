import type { ClaimGroup, NextGroup } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { claimNext } from '../src/domain/claim-next.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { settlement } from './graph-work.ts'
import { providers, type World } from './graph-world.ts'
import { workOffClaim } from './test-worker.ts'

/** A worker that has worked off all of `first` that was ready, and asks for more. `rings`: who was rung for that. */
export async function workerThatGoesOn(world: World) {
  const [group] = await claimWork(
    { store: world.store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: newId(), request_id: newId(), limit: 50 },
  )
  if (!group) throw new Error('nothing to do')
  const workOff = async (one: ClaimGroup): Promise<void> => {
    const outcomes = await workOffClaim(world.database, one, (item) => settlement(item, false, 0, world.usage))
    await settleWork({ store: world.store, providers }, one.claim_id, outcomes)
  }
  await workOff(group)
  const hangUp = new AbortController()
  const rings: string[] = []
  return {
    workOff,
    hangUp,
    rings,
    ask: (
      more: { wait_ms?: number; resume?: boolean; request_id?: string } = {},
      { store, arrivals }: Pick<World, 'store' | 'arrivals'> = world,
    ): Promise<NextGroup[]> =>
      claimNext(
        { store, providers, bell: listening(rings), arrivals },
        { claim_id: group.claim_id, request_id: newId(), wait_ms: 0, time_ms: 240_000, resume: false, ...more },
        hangUp.signal,
      ),
    workflowId: group.workflow_id,
  }
}

/** Writes down who is rung. */
export const listening = (rings: string[]) => ({
  ring: (_tenant: string, roots: readonly string[]) => void rings.push(...roots),
})
