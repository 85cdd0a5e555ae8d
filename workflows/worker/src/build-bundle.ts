import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { sha256 } from '@studio/kernel'
import { mkdir, readFile, rename, writeFile, glob } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
// Whatever workflow code can come from, and the lockfile for the SDK's own.
const sources = ['libs/{kernel,contracts,provider-kit}/src/**/*.ts', 'workflows/*/src/**/*.ts', 'pnpm-lock.yaml']

/**
 * Bundles the workflow types that `workflowsPath` exports into `outfile`; nothing is done where the bundle was made from these very sources.
 * A prebuilt bundle saves each start over a second and 180 MB. Answers whether it was built.
 */
export async function buildBundle({
  workflowsPath,
  outfile,
}: {
  workflowsPath: string
  outfile: string
}): Promise<boolean> {
  const stamp = `${outfile}.sha256`
  const digest = await digestOf([workflowsPath])
  if ((await readIfThere(stamp)) === digest && (await readIfThere(outfile)) !== undefined) return false
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => ({
      ...config,
      resolve: { ...config.resolve, conditionNames: ['source', '...'] },
    }),
  })
  await mkdir(dirname(outfile), { recursive: true })
  // Written beside and renamed, so that a worker that starts meanwhile reads a whole one.
  await writeFile(`${outfile}.${process.pid}`, code)
  await rename(`${outfile}.${process.pid}`, outfile)
  await writeFile(stamp, digest)
  return true
}

async function digestOf(more: string[]): Promise<string> {
  const paths = [...more]
  for await (const path of glob(sources, { cwd: root, exclude: (path) => path.endsWith('.test.ts') }))
    paths.push(join(root, path))
  const hashes = await Promise.all(
    paths.sort().map(async (path) => `${path.slice(root.length)} ${sha256(await readFile(path))}`),
  )
  return sha256(hashes.join('\n'))
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
