import type { ClaimGroup } from '@studio/contracts'
import { newId, StudioError, type Problem } from '@studio/kernel'
import { toFailure } from '@studio/provider-kit'
import { activityInfo, heartbeat } from '@temporalio/activity'
import type { WorkflowHandle } from '@temporalio/client'

export const tenant = '8f1d7c1e-6a53-4b0e-9c1a-3b7d2f4e5a60'
export const root = '8f1d7c1e-6a53-4b0e-9c1a-3b7d2f4e5a61'
export const taskQueue = 'studio'

/** Workflow type of a provider of the studio, by its id. */
export const workflowTypes = {
  'text-expander': 'textExpander',
  'grammar-checker': 'grammarChecker',
  summariser: 'summariser',
  compare: 'compare',
  report: 'report',
} as const
export type ProviderId = keyof typeof workflowTypes

/** A claim group for one provider, or one of deletions, with ids of its own. */
export function group(providerId: ProviderId | 'delete', change: Partial<ClaimGroup> = {}): ClaimGroup {
  const claim_id = newId()
  return {
    claim_id,
    kind: providerId === 'delete' ? 'delete' : 'run',
    provider_id: providerId === 'delete' ? '' : providerId,
    provider_version: '1.0.0',
    workflow_type: providerId === 'delete' ? '' : workflowTypes[providerId],
    task_queue: taskQueue,
    workflow_id: `${providerId}/${claim_id}`,
    timeout_ms: 10_000,
    attempts_left: 3,
    root_ids: [root],
    size: 1,
    traceparent: null,
    ...change,
  }
}

/** What the activities were asked for, and what they answer. */
export interface Script {
  /** Groups that claims answer, and those that become ready when a group is done. */
  ready: ClaimGroup[]
  next: Map<ClaimGroup, ClaimGroup[]>
  /** Work on a group; by default it is done at once. */
  run: (group: ClaimGroup) => Promise<void>
  /** What dag makes of an update. */
  control: () => Promise<void>
  /** Calls in their order: `claim`, `run text-expander`, `tombstone`, `abandon <code> <attempts>`, `<action> <cascade>`, `end`. */
  calls: string[]
  /** Claims that the cascade said it does not wait for any more. */
  orphans: string[]
}

export function script(ready: ClaimGroup[], change: Partial<Script> = {}): Script {
  return { ready, next: new Map(), run: async () => {}, control: async () => {}, calls: [], orphans: [], ...change }
}

/** The activities of a worker, over a script in place of dag and providers. */
export function activitiesOf(current: () => Script) {
  const done = (claim: ClaimGroup): void => {
    const { next, ready } = current()
    for (const [group, following] of next) if (group.claim_id === claim.claim_id) ready.push(...following)
  }
  const provider = async (claim: ClaimGroup) => {
    const { calls, run } = current()
    calls.push(`run ${claim.provider_id}`)
    // As a worker does: one that is silent for long is taken for dead.
    const beat = setInterval(heartbeat, 1000)
    try {
      await run(claim)
    } catch (error) {
      throw toFailure(error, activityInfo().attempt)
    } finally {
      clearInterval(beat)
    }
    done(claim)
    return { version: claim.size }
  }
  return {
    claimWork: async (_target: unknown, _requestId: string, limit: number, left: readonly string[]) => {
      const { calls, orphans, ready } = current()
      calls.push('claim')
      orphans.push(...left)
      let room = limit
      const beyond = ready.findIndex(({ size }) => (room -= size) < 0)
      return ready.splice(0, beyond < 0 ? ready.length : beyond)
    },
    endCascade: async () => {
      const { calls, ready } = current()
      calls.push('end')
      return ready.length === 0
    },
    controlCascade: async (_target: unknown, action: string, { cascade_id }: { cascade_id?: string }) => {
      const { calls, control } = current()
      calls.push(`${action} ${cascade_id ?? 'the newest'}`)
      try {
        await control()
      } catch (error) {
        throw toFailure(error, activityInfo().attempt)
      }
      return { id: cascade_id ?? 'newest' }
    },
    tombstone: async (claim: ClaimGroup) => {
      current().calls.push('tombstone')
      done(claim)
    },
    abandonClaim: async (_claimId: string, problem: Problem, attempts: number) => {
      current().calls.push(`abandon ${problem.code} ${attempts}`)
    },
    'text-expander': provider,
    'grammar-checker': provider,
    summariser: provider,
    compare: provider,
    report: provider,
  }
}

export interface RecordedScenario {
  /** File of the history: workflows/<folder>/tests/histories/<name>.json */
  folder: string
  name: string
  workflowType: string
  argument: unknown
  script: Script
  /** What happens to the workflow while it runs. */
  meanwhile?: (handle: WorkflowHandle) => Promise<void>
}

const refusal = async (): Promise<void> => {
  throw new StudioError('provider_refused', 'not this input')
}

/** The runs whose histories are kept, so that a change of workflow code that breaks running workflows is noticed. */
export function recordedScenarios(): RecordedScenario[] {
  const target = { tenant_id: tenant, blob_id: root }
  const [expander, grammar, summary, deletion] = [
    group('text-expander'),
    group('grammar-checker'),
    group('summariser'),
    group('delete'),
  ]
  const failing = group('text-expander')
  const [paused, resumed] = [group('summariser'), Promise.withResolvers<void>()]
  return [
    {
      folder: 'cascade',
      name: 'fan-out-and-delete',
      workflowType: 'cascade',
      argument: target,
      script: script([expander], {
        next: new Map([
          [expander, [grammar, summary]],
          [grammar, [deletion]],
        ]),
      }),
    },
    {
      folder: 'cascade',
      name: 'child-fails',
      workflowType: 'cascade',
      argument: target,
      script: script([failing], { run: refusal }),
    },
    {
      folder: 'cascade',
      name: 'updated',
      workflowType: 'cascade',
      argument: target,
      script: script([paused], { run: () => resumed.promise }),
      meanwhile: async (handle) => {
        await handle.executeUpdate('pause')
        await handle.executeUpdate('resume', { args: [{ cascade_id: root }] })
        resumed.resolve()
      },
    },
    { folder: 'verification', name: 'done', workflowType: 'verification', argument: tenant, script: script([]) },
    ...(Object.keys(workflowTypes) as ProviderId[]).flatMap((id) => [
      {
        folder: id,
        name: 'done',
        workflowType: workflowTypes[id],
        argument: group(id, { size: 5 }),
        script: script([]),
      },
      {
        folder: id,
        name: 'refused',
        workflowType: workflowTypes[id],
        argument: group(id),
        script: script([], { run: refusal }),
      },
    ]),
  ]
}
