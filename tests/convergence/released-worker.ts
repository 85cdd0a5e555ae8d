// A worker whose provider comes up in another version with each release: STUDIO_TEST_RELEASE says which (a whole number, default 0).
import { readConfig, runWorker } from '@studio/workflow-worker'
import { bundlePath } from '../providers/bundle.ts'
import { releasedProvider } from './released-provider.ts'

await runWorker({
  service: 'released-provider',
  config: readConfig(),
  providers: [releasedProvider(Number(process.env['STUDIO_TEST_RELEASE'] ?? 0))],
  bundlePath,
  taskQueue: 'studio-released',
})
