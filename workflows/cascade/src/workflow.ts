import type { Cascade, ClaimGroup } from '@studio/contracts'
import { defineSearchAttributeKey, TypedSearchAttributes, type Workflow } from '@temporalio/common'
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
  type ChildWorkflowHandle,
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

// A history has 50,000 events at most. The fresh start waits for a calm moment, but no longer than for so many; slow children are left to dag, which
// tells the cascade of what they free.
const mostHistory = 10_000
const mostOrphans = 100

const tenantKey = defineSearchAttributeKey('studioTenant', 'KEYWORD')
const rootKey = defineSearchAttributeKey('studioRoot', 'KEYWORD_LIST')
const providerKey = defineSearchAttributeKey('studioProvider', 'KEYWORD')

/**
 * The work that a change of one blob causes downstream. Claims what is ready, has each group done by a child workflow, and claims again
 * whenever one is done: siblings run beside each other and nothing waits for a level. Ends when nothing is ready, nothing runs and nobody rang.
 * `orphans`: the claims of children that the run before this one has left behind.
 */
export async function cascade(target: CascadeTarget, orphans: readonly string[] = []): Promise<void> {
  let rung = false
  let finished = 0
  const running = new Set<string>()
  // What would end with this run: deletions, and children that Temporal has not started yet.
  let tied = 0
  let left = orphans
  setHandler(defineSignal(ringSignal), () => {
    rung = true
  })
  // dag decides, and rings where that makes something ready.
  for (const action of cascadeActions)
    setHandler(defineUpdate<Cascade, [CascadeUpdate?]>(action), (update) =>
      controlCascade(target, action, update ?? {}),
    )

  const hasRoom = (): boolean => running.size <= mostRunning - leastPerClaim
  const start = (group: ClaimGroup): void => {
    running.add(group.claim_id)
    tied += 1
    const begun = begin(group, target).finally(() => {
      tied -= 1
    })
    void begun.then(watch).finally(() => {
      running.delete(group.claim_id)
      finished += 1
    })
  }

  for (;;) {
    rung = false
    finished = 0
    const limit = Math.min(nodesPerClaim, mostRunning - running.size)
    const groups = await claimWork(target, uuid4(), limit, left)
    left = []
    groups.forEach(start)
    const full = groups.reduce((nodes, group) => nodes + group.size, 0) >= limit
    const { continueAsNewSuggested, historyLength } = workflowInfo()
    if (continueAsNewSuggested && (running.size <= mostOrphans || historyLength > mostHistory)) break
    if (full && hasRoom()) continue
    if (running.size > 0) await condition(() => (rung || finished > 0) && hasRoom())
    else if (!rung && (await endCascade(target))) {
      await condition(allHandlersFinished)
      if (!rung) return
    }
  }
  await condition(() => tied === 0 && running.size <= mostOrphans && allHandlersFinished())
  await continueAsNew<typeof cascade>(target, [...running])
}

/** A child workflow that runs, or nothing where the work is done already. */
type Begun = ChildWorkflowHandle<Workflow> | null

async function begin(group: ClaimGroup, target: CascadeTarget): Promise<Begun> {
  try {
    if (group.kind === 'run') return await startRun(group, target)
    await tombstone(group)
  } catch (error) {
    // A child that exists already does this very claim.
    tell(error, group.workflow_id)
  }
  return null
}

async function watch(child: Begun): Promise<void> {
  try {
    await child?.result()
  } catch (error) {
    // It has told dag, and can be seen in Temporal's UI.
    tell(error, child?.workflowId)
  }
}

function startRun(group: ClaimGroup, target: CascadeTarget): Promise<ChildWorkflowHandle<Workflow>> {
  return startChild(group.workflow_type, {
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
}

function tell(error: unknown, workflowId: string | undefined): void {
  if (!isCancellation(error)) log.warn('a part of the cascade failed', { workflow_id: workflowId })
}
