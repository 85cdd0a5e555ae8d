import { bundlePath } from './bundle-path.ts'
import { readConfig } from './config.ts'
import { createProviders } from './providers.ts'
import { runWorker } from './run-worker.ts'

const config = readConfig()
await runWorker({ service: 'worker', config, providers: createProviders(config), bundlePath, taskQueue: 'studio' })
