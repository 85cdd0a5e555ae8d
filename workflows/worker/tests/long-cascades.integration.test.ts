import { newId } from '@studio/kernel'
import { startEngines, waitFor, type TestEngines } from '@studio/testing'
import { group, root, script, taskQueue, tenant, type Script } from './scenarios.ts'
import { startWorkflowWorker, type WorkflowWorker } from './workflow-worker.ts'

/** Temporal ends a workflow at 50,000 events or 50 MB of history, and takes no child beyond 2,000 that are pending. */
const farBelow = { events: 12_000, pending: 500 }

let engines: TestEngines
let worker: WorkflowWorker

beforeAll(async () => {
  // A fresh start is suggested early (by default after 4,096 events), so that a cascade of some hundred children takes it.
  engines = await startEngines({
    temporal: true,
    temporalSettings: ['limit.historyCount.suggestContinueAsNew=1000'],
  })
  worker = await startWorkflowWorker(engines.temporalAddress)
})

afterAll(async () => {
  await worker?.stop()
  await engines?.stop()
})

const startCascade = (followed: Script) => {
  worker.follow(followed)
  const options = { taskQueue, workflowId: `cascade/${newId()}`, args: [{ tenant_id: tenant, blob_id: root }] }
  return worker.client.workflow.start('cascade', options)
}

interface Told {
  /** Events of the history. */
  events: number
  /** Children that were pending at once, at most. */
  pending: number
}

/** What the histories of a workflow and of those that it has become anew tell, first to last. */
async function readHistories(workflowId: string, firstRunId: string): Promise<Told[]> {
  const told: Told[] = []
  for (let runId: string | null | undefined = firstRunId; runId;) {
    const { events } = await worker.client.workflow.getHandle(workflowId, runId).fetchHistory()
    let [now, pending] = [0, 0]
    runId = null
    for (const event of events ?? []) {
      if (event.startChildWorkflowExecutionInitiatedEventAttributes) pending = Math.max(pending, ++now)
      if (
        event.childWorkflowExecutionCompletedEventAttributes ??
        event.childWorkflowExecutionFailedEventAttributes ??
        event.startChildWorkflowExecutionFailedEventAttributes
      )
        now -= 1
      runId = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? runId
    }
    told.push({ events: events?.length ?? 0, pending })
  }
  return told
}

test('10,000 nodes of a cheap provider, in batches of 100, make a short history', async () => {
  const batches = Array.from({ length: 100 }, () => group('summariser', { size: 100 }))
  const followed = script(batches)
  const handle = await startCascade(followed)
  await handle.result()
  expect(followed.calls.filter((call) => call.startsWith('run'))).toHaveLength(100)
  const told = await readHistories(handle.workflowId, handle.firstExecutionRunId)
  expect(told.reduce((sum, { events }) => sum + events, 0)).toBeLessThan(2000)
})

test('620 nodes of a dear provider: never more than 500 at once, and a history that grows large begins anew; nothing is lost, or done twice', async () => {
  const alone = Array.from({ length: 620 }, () => group('text-expander'))
  const last = new Set(alone.slice(-20).map(({ claim_id }) => claim_id))
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const runs = new Map<string, number>()
  const followed = script([...alone], {
    run: async ({ claim_id }) => {
      runs.set(claim_id, (runs.get(claim_id) ?? 0) + 1)
      if (last.has(claim_id)) await released
    },
  })
  const handle = await startCascade(followed)
  await waitFor('a new run that was told of the slow ones', async () => followed.orphans.length > 0, {
    timeoutMs: 240_000,
  })
  release()
  await worker.client.workflow.getHandle(handle.workflowId).result()
  for (const { workflow_id } of alone) await worker.client.workflow.getHandle(workflow_id).result()
  expect([...runs.values()].filter((times) => times !== 1)).toEqual([])
  expect(runs.size).toBe(alone.length)
  expect(followed.orphans).toEqual(expect.arrayContaining([...last]))

  const told = await readHistories(handle.workflowId, handle.firstExecutionRunId)
  expect(told.length).toBeGreaterThan(1)
  const mostPending = Math.max(...told.map(({ pending }) => pending))
  expect(mostPending).toBeLessThanOrEqual(farBelow.pending)
  // Nor does it go on one by one.
  expect(mostPending).toBeGreaterThan(400)
  expect(Math.max(...told.map(({ events }) => events))).toBeLessThan(farBelow.events)
}, 300_000)
