import type { ClaimGroup } from '@studio/contracts'
import { StudioError, toProblem, type Problem } from '@studio/kernel/errors'
import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  TimeoutFailure,
  upsertMemo,
} from '@temporalio/workflow'
import type { ClaimSummary } from './activities.ts'
import type { ClaimActivities } from './claim-activities.ts'

const { abandonClaim } = proxyLocalActivities<ClaimActivities>({
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: 200, maximumInterval: '5s' },
})

const longestRunMs = 60 * 60 * 1000
// For reading the claim and its inputs, writing and settling the results: each of these is waited for over a minute where a part of the
// studio is away, and must not look like a provider that takes too long. A worker that died is noticed by its heartbeat.
const allowanceMs = 5 * 60 * 1000
const crashAttempts = 3

/**
 * What every provider's workflow does: has the provider's activity work off the claim. When that fails for good dag is told, and the
 * workflow fails with the problem's code, to be seen in Temporal's UI. Where the studio itself was away, dag is not told: the lease
 * runs out and the nodes are claimed anew.
 */
export async function runClaim(group: ClaimGroup): Promise<ClaimSummary> {
  const activities = proxyActivities<Record<string, (group: ClaimGroup) => Promise<ClaimSummary>>>({
    startToCloseTimeout: Math.min(group.timeout_ms * group.size, longestRunMs) + allowanceMs,
    heartbeatTimeout: '10s',
    // A node that fails in a batch goes back alone, so a batch as a whole is repeated after crashes only.
    retry: {
      initialInterval: 500,
      backoffCoefficient: 2,
      maximumAttempts: group.size === 1 ? group.attempts_left : crashAttempts,
    },
  })
  const run = activities[group.provider_id] as (group: ClaimGroup) => Promise<ClaimSummary>
  try {
    const summary = await run(group)
    upsertMemo({ outcome: summary })
    return summary
  } catch (error) {
    if (isCancellation(error)) throw error
    const problem = problemOf(error)
    upsertMemo({ outcome: problem.code })
    if (problem.code !== 'dependency_unavailable') await abandonClaim(group.claim_id, problem, attemptsOf(error, group))
    throw ApplicationFailure.create({
      message: problem.detail,
      type: problem.code,
      nonRetryable: true,
      details: [problem],
    })
  }
}

// Temporal marks its failure classes, so instanceof holds in every realm.
function problemOf(error: unknown): Problem {
  const cause = error instanceof ActivityFailure ? error.cause : error
  if (cause instanceof TimeoutFailure) {
    return toProblem(
      new StudioError('timeout', 'The provider did not finish in time, or its worker died again and again.'),
    )
  }
  const [problem] = cause instanceof ApplicationFailure ? (cause.details ?? []) : []
  return isProblem(problem) ? problem : toProblem(error)
}

// An attempt that ended by itself says which one it was; one that was cut off (its worker died, its time was over) can't.
function attemptsOf(error: unknown, group: ClaimGroup): number {
  const cause = error instanceof ActivityFailure ? error.cause : error
  const attempt = cause instanceof ApplicationFailure ? cause.details?.[1] : undefined
  return typeof attempt === 'number' ? attempt : group.attempts_left
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value
}
