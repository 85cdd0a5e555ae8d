// Records the histories that replay.integration.test.ts replays: `pnpm --filter @studio/workflow-worker record [folder …]`, those of the named providers or all.
// To be run for a new provider, or when workflow code has changed on purpose and no workflow of the old code can still be running; else
// the change belongs behind patched().
import { newId } from '@studio/kernel'
import { startEngines } from '@studio/testing'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { mkdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { recordedScenarios, taskQueue } from './scenarios.ts'
import { startWorkflowWorker } from './workflow-worker.ts'

/** Leaves out what a replay has no use for and what tells where it was recorded: stack traces, and the name of the worker's own queue. */
function withoutThisMachine(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return undefined
  return key === 'name' && typeof value === 'string' && value.includes(hostname()) ? 'sticky-queue' : value
}

const folders = process.argv.slice(2)
const scenarios = recordedScenarios().filter(({ folder }) => folders.length === 0 || folders.includes(folder))
const engines = await startEngines({ temporal: true })
const worker = await startWorkflowWorker(engines.temporalAddress)
try {
  for (const { folder, name, workflowType, argument, script, meanwhile } of scenarios) {
    worker.follow(script)
    const handle = await worker.client.workflow.start(workflowType, {
      taskQueue,
      workflowId: `${name}/${newId()}`,
      args: [argument],
    })
    await meanwhile?.(handle)
    await handle.result().catch(() => {})
    const histories = new URL(`../../${folder}/tests/histories/`, import.meta.url)
    await mkdir(histories, { recursive: true })
    const history: unknown = JSON.parse(historyToJSON(await handle.fetchHistory()), withoutThisMachine)
    await writeFile(new URL(`${name}.json`, histories), `${JSON.stringify(history, null, 1)}\n`)
    process.stdout.write(`${folder}/${name}\n`)
  }
} finally {
  await worker.stop()
  await engines.stop()
}
