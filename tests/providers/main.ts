// A second worker beside the studio's own, with the providers that tests work with: `node -C source tests/providers/main.ts`, with the worker's
// environment. It is ready (GET /readyz) when its providers are registered and it polls.
import { readConfig, runWorker } from '@studio/workflow-worker'
import { bundlePath, bundleTestWorkflows } from './bundle.ts'
import { providers } from './providers.ts'

await bundleTestWorkflows()
await runWorker({ service: 'test-providers', config: readConfig(), providers, bundlePath, taskQueue: 'studio-test' })
