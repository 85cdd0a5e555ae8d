export { buildBundle } from './build-bundle.ts'
export { readConfig, type Config } from './config.ts'
export { runWorker, type WorkerOptions } from './run-worker.ts'
