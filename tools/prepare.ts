import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, type EngineBinaries, type Environment } from '@studio/supervisor'
import { ensureEngines } from './engines/ensure.ts'
import { isRunFailure, run } from './run.ts'
import type { Row } from './terminal/board.ts'
import { UserError } from './user-error.ts'

/** A turbo task of the workspace, what it is made of and what must lie there when it is done. */
interface Generation {
  task: string
  inputs: string[]
  outputs: string[]
}

const generations: Generation[] = [
  {
    task: 'generate',
    inputs: ['services/*/prisma/schema.prisma', 'services/*/prisma.config.ts'],
    outputs: ['services/blob', 'services/dag', 'services/delta-engine', 'services/provider-registry'].map(
      (folder) => `${folder}/src/generated/client.ts`,
    ),
  },
  {
    task: 'bundle',
    inputs: ['workflows/*/src/**/*.ts', 'libs/*/src/**/*.ts', 'workflows/*/package.json'],
    outputs: ['workflows/worker/dist/workflow-bundle.js'],
  },
]

/** Lies below the patterns and gets into no output; without this every edit of a test would bundle again. */
const noInput = ['**/*.test.ts', 'libs/supervisor/**', 'libs/testing/**']

/** All that a start or a test run needs besides the packages: engines fetched, Prisma clients generated, workflows bundled. */
export async function prepare(options: {
  root: string
  environment: Environment
  show: (row: Row) => void
}): Promise<EngineBinaries> {
  const [engines] = await Promise.all([
    ensureEngines({ ...options, path: options.environment['PATH'] }),
    generate(options),
  ])
  return engines
}

/** Turbo finds out in half a second that there is nothing to do; the stamps find out in 0.02 s, which is why they are asked first. */
async function generate(options: { root: string; show: (row: Row) => void }): Promise<void> {
  const { root, show } = options
  const stale = generations
    .map((generation) => ({ ...generation, hash: inputHash(root, generation.inputs) }))
    .filter((generation) => !isUpToDate(root, generation))
  if (stale.length === 0) return
  const tasks = stale.map(({ task }) => task)
  const name = tasks.join(', ')
  const begin = performance.now()
  show({ name, status: 'running', mood: 'busy' })
  try {
    await run(
      process.execPath,
      [
        join(root, 'node_modules/turbo/bin/turbo'),
        'run',
        ...tasks,
        '--ui=stream',
        '--output-logs=errors-only',
        '--no-update-notifier',
      ],
      {
        cwd: root,
        timeoutMs: 300_000,
        env: {
          ...process.env,
          TURBO_TELEMETRY_DISABLED: '1',
          DO_NOT_TRACK: '1',
          PRISMA_SCHEMA_ENGINE_BINARY: join(root, 'tools/prisma-schema-engine.mjs'),
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
          CHECKPOINT_DISABLE: '1',
        },
      },
    )
    const missing = stale.flatMap(({ outputs }) => outputs).filter((file) => !existsSync(join(root, file)))
    if (missing.length > 0) throw new Error(`it left out ${missing.join(', ')}`)
  } catch (error) {
    show({ name, status: 'failed', mood: 'bad', tookMs: performance.now() - begin })
    const output = isRunFailure(error) ? error.output.trim().split('\n').slice(-15).join('\n  │ ') : messageOf(error)
    throw new UserError(
      `turbo run ${tasks.join(' ')} failed:\n  │ ${output}\nWhat to do:   mend what it names, then npm start`,
    )
  }
  mkdirSync(join(root, '.tools', 'stamps'), { recursive: true })
  for (const { task, hash } of stale) writeFileSync(stampFile(root, task), hash)
  show({ name, status: 'done', mood: 'good', tookMs: performance.now() - begin })
}

function stampFile(root: string, task: string): string {
  return join(root, '.tools', 'stamps', task)
}

function isUpToDate(root: string, generation: Generation & { hash: string }): boolean {
  const file = stampFile(root, generation.task)
  return (
    existsSync(file) &&
    readFileSync(file, 'utf8') === generation.hash &&
    generation.outputs.every((output) => existsSync(join(root, output)))
  )
}

function inputHash(root: string, patterns: string[]): string {
  const hash = createHash('sha256').update(readFileSync(join(root, 'pnpm-lock.yaml')))
  for (const file of globSync(patterns, { cwd: root, exclude: noInput }).sort())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
  return hash.digest('hex')
}
