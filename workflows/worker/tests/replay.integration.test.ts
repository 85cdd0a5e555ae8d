import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const workflows = fileURLToPath(new URL('../..', import.meta.url))
const histories = globSync('*/tests/histories/*.json', { cwd: workflows }).sort()
const workflowTypes = ['cascade', 'compare', 'grammarChecker', 'report', 'summariser', 'textExpander', 'verification']

function readHistory(path: string) {
  return historyFromJSON(JSON.parse(readFileSync(`${workflows}/${path}`, 'utf8')) as object)
}

async function bundle(module: string): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(module, import.meta.url)),
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, conditionNames: ['source', '...'] } }),
  })
}

let current: WorkflowBundle

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  current = await bundle('../src/workflows.ts')
})

test.each(histories)('%s is replayed by the present code', async (path) => {
  await expect(Worker.runReplayHistory({ workflowBundle: current }, readHistory(path))).resolves.toBeUndefined()
})

test('each workflow type has a recorded history', () => {
  const recorded = histories.map(
    (path) => readHistory(path).events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name,
  )
  expect([...new Set(recorded)].sort()).toEqual(workflowTypes)
})

test('a change that running workflows would not survive is caught', async () => {
  const changed = await bundle('./changed-workflows.ts')
  const replay = Worker.runReplayHistory(
    { workflowBundle: changed },
    readHistory('text-expander/tests/histories/done.json'),
  )
  await expect(replay).rejects.toMatchObject({ name: 'DeterminismViolationError' })
})
