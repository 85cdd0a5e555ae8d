import { fileURLToPath } from 'node:url'
import { buildBundle } from './build-bundle.ts'
import { bundlePath } from './bundle-path.ts'

const workflowsPath = fileURLToPath(new URL('./workflows.ts', import.meta.url))
const built = await buildBundle({ workflowsPath, outfile: bundlePath })
process.stdout.write(built ? 'workflow bundle built\n' : 'workflow bundle is up to date\n')
