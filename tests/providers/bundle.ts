import { buildBundle } from '@studio/workflow-worker'
import { fileURLToPath } from 'node:url'

/** Where the bundle of the test workflows is put. */
export const bundlePath = fileURLToPath(new URL('./dist/workflow-bundle.js', import.meta.url))

/** Builds the bundle where it is missing or old. */
export async function bundleTestWorkflows(): Promise<void> {
  await buildBundle({ workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)), outfile: bundlePath })
}
