import { fileURLToPath } from 'node:url'

/** Where the script `bundle` puts the studio's own workflows. */
export const bundlePath = fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url))
