import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { buildBundle } from '../src/build-bundle.ts'
import { bundlePath } from '../src/bundle-path.ts'
import { fileURLToPath } from 'node:url'
import { activitiesOf, taskQueue, type Script } from './scenarios.ts'

const workflowsPath = fileURLToPath(new URL('../src/workflows.ts', import.meta.url))

export interface WorkflowWorker {
  client: Client
  /** What the activities follow from now on. */
  follow(script: Script): void
  stop(): Promise<void>
}

/** A worker with the studio's workflows and scripted activities, at a real Temporal server. Its name holds nothing of this machine. */
export async function startWorkflowWorker(address: string): Promise<WorkflowWorker> {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  await buildBundle({ workflowsPath, outfile: bundlePath })
  let current: Script | undefined
  const connection = await Connection.connect({ address })
  const native = await NativeConnection.connect({ address })
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    identity: 'test-worker',
    workflowBundle: { codePath: bundlePath },
    activities: activitiesOf(() => {
      if (current === undefined) throw new Error('no script to follow')
      return current
    }),
  })
  const verifier = await Worker.create({
    connection: native,
    taskQueue: 'verify',
    identity: 'test-worker',
    activities: { verify: async (tenantId: string) => ({ tenant_id: tenantId }) },
  })
  const running = Promise.all([worker.run(), verifier.run()])
  return {
    client: new Client({ connection, identity: 'test-client' }),
    follow: (script) => {
      current = script
    },
    stop: async () => {
      worker.shutdown()
      verifier.shutdown()
      await running
      await native.close()
      await connection.close()
    },
  }
}
