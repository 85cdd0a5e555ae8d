import type { Cascade, ClaimGroup } from '@studio/contracts'
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common'
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  ParentClosePolicy,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow'
import type { CascadeActivities } from './activities.ts'
import { cascadeActions, ringSignal, type CascadeTarget, type CascadeUpdate } from './contract.ts'

const { claimWork, endCascade, controlCascade } = proxyLocalActivities<CascadeActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: 100, backoffCoefficient: 2, maximumInterval: '5s' },
})
const { tombstone } = proxyActivities<CascadeActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10s',
  retry: { initialInterval: 500, backoffCoefficient: 2, maximumAttempts: 5 },
})

// Temporal allows 2,000 pending children and asks to stay below 500. A claim is made when a good many more may begin, so that the nodes
// of a cheap provider come together.
const mostRunning = 500
const nodesPerClaim = 200
const leastPerClaim = 100

// A child whose queue has no worker must not wait for ever: it counts among those that run.
const childAttempts = 3
const childAllowanceMs = 5 * 60_000
const longestChildMs = 4 * 60 * 60_000

// History has 50,000 events at most. Until then a slow child does not keep the others waiting for the fresh start.
const mostHistory = 30_000

const tenantKey = defineSearchAttributeKey('studioTenant', 'KEYWORD')
const rootKey = defineSearchAttributeKey('studioRoot', 'KEYWORD_LIST')
const providerKey = defineSearchAttributeKey('studioProvider', 'KEYWORD')

/**
 * The work that a change of one blob causes downstream. Claims what is ready, has each group done by a child workflow, and claims again
 * whenever one is done: siblings run beside each other and nothing waits for a level. Ends when nothing is ready, nothing runs and nobody rang.
 */
export async function cascade(target: CascadeTarget): Promise<void> {
  let rung = false
  let running = 0
  let finished = 0
  setHandler(defineSignal(ringSignal), () => {
    rung = true
  })
  // dag decides, and rings where that makes something ready.
  for (const action of cascadeActions)
    setHandler(defineUpdate<Cascade, [CascadeUpdate?]>(action), (update) =>
      controlCascade(target, action, update ?? {}),
    )

  const hasRoom = (): boolean => running <= mostRunning - leastPerClaim
  const start = (group: ClaimGroup): void => {
    running += 1
    void work(group, target).finally(() => {
      running -= 1
      finished += 1
    })
  }

  for (;;) {
    rung = false
    finished = 0
    const limit = Math.min(nodesPerClaim, mostRunning - running)
    const groups = await claimWork(target, uuid4(), limit)
    groups.forEach(start)
    const full = groups.reduce((nodes, group) => nodes + group.size, 0) >= limit
    const { continueAsNewSuggested, historyLength } = workflowInfo()
    if (continueAsNewSuggested && (running === 0 || historyLength > mostHistory)) break
    if (full && hasRoom()) continue
    if (running > 0) await condition(() => (rung || finished > 0) && hasRoom())
    else if (!rung && (await endCascade(target))) {
      await condition(allHandlersFinished)
      if (!rung) return
    }
  }
  await condition(() => running === 0 && allHandlersFinished())
  await continueAsNew<typeof cascade>(target)
}

// A child that fails has told dag already, and can be seen in Temporal's UI; one that exists already does this very claim.
async function work(group: ClaimGroup, target: CascadeTarget): Promise<void> {
  try {
    if (group.kind === 'delete') {
      await tombstone(group)
      return
    }
    const child = await startChild(group.workflow_type, {
      workflowId: group.workflow_id,
      taskQueue: group.task_queue,
      args: [group],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowExecutionTimeout: Math.min(
        group.timeout_ms * group.size * childAttempts + childAllowanceMs,
        longestChildMs,
      ),
      typedSearchAttributes: new TypedSearchAttributes([
        { key: tenantKey, value: target.tenant_id },
        { key: rootKey, value: group.root_ids },
        { key: providerKey, value: group.provider_id },
      ]),
      memo: {
        provider: `${group.provider_id}@${group.provider_version}`,
        claim_id: group.claim_id,
        size: group.size,
        cascade_of: target.blob_id,
      },
    })
    await child.result()
  } catch (error) {
    if (isCancellation(error)) return
    log.warn('a part of the cascade failed', { workflow_id: group.workflow_id, claim_id: group.claim_id })
  }
}
