import { execFile } from 'node:child_process'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { countsOf, type Counts, type JestReport } from './counts.ts'
import { runNode } from './child.ts'

export type StageResult = Counts & {
  /** For the stage's line: what was counted, or why it was left out. */
  note: string
  /** Shown whole where something failed. */
  output: string
}

export type Stage = { name: string; jest: boolean; run: (jestArguments: string[]) => Promise<StageResult> }

const minutes = 60_000
const gateDeadline = 10 * minutes
const jestDeadline = 40 * minutes
/** A run that has written its report and is still there after this time has left something open. */
const exitGrace = 20_000

/** All checks, cheap ones first. */
export const stages: Stage[] = [
  gate('types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']),
  gate('lint', ['node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.']),
  gate('format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']),
  gate('import-law', ['tools/import-law.ts']),
  gate('knip', ['node_modules/knip/bin/knip.js', '--no-config-hints']),
  gate('architecture', ['-C', 'source', 'tools/main.ts', 'architecture', '--check']),
  jest('unit', 'unit'),
  jest('integration', 'integration'),
  jest('e2e', 'e2e', { STUDIO_TEST_BACKEND: 'processes' }),
  jest('e2e-containers', 'e2e', { STUDIO_TEST_BACKEND: 'containers' }, noDockerEngine),
]

function gate(name: string, args: string[]): Stage {
  return {
    name,
    jest: false,
    run: async () => {
      const { code, output, stopped } = await runNode(args, {}, deadline(gateDeadline))
      return code === 0
        ? { passed: 1, failed: 0, skipped: 0, note: '', output }
        : { passed: 0, failed: 1, skipped: 0, note: stopped ?? `exit ${code}`, output }
    },
  }
}

function jest(
  name: string,
  project: string,
  env: NodeJS.ProcessEnv = {},
  reasonToSkip: () => Promise<string | undefined> = () => Promise.resolve(undefined),
): Stage {
  return {
    name,
    jest: true,
    run: async (jestArguments) => {
      const reason = await reasonToSkip()
      if (reason) return { passed: 0, failed: 0, skipped: 1, note: `skipped: ${reason}`, output: '' }
      const folder = await mkdtemp(join(tmpdir(), 'studio-jest-'))
      try {
        return await runJest(project, env, jestArguments, join(folder, 'report.json'))
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

async function runJest(project: string, env: NodeJS.ProcessEnv, extra: string[], report: string): Promise<StageResult> {
  const node = ['-C', 'source', '--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
  const options = ['--selectProjects', project, '--json', `--outputFile=${report}`, '--colors=false']
  const filter = extra.length > 0 ? ['--passWithNoTests', ...extra] : []
  const giveUp = (signal: AbortSignal) => Promise.race([deadline(jestDeadline)(signal), lingering(report, signal)])
  const { output, stopped } = await runNode(
    [...node, 'node_modules/jest/bin/jest.js', ...options, ...filter],
    env,
    giveUp,
  )

  const text = await readFile(report, 'utf8').catch(() => undefined)
  // Standard output repeats the report: what a person reads is before it.
  const readable = text ? output.replace(text, '').replace(/^\{"num.*$/m, '') : output
  if (!text) return { passed: 0, failed: 1, skipped: 0, note: stopped ?? 'jest wrote no report', output: readable }
  const counts = countsOf(JSON.parse(text) as JestReport)
  const failed = counts.failed + (stopped ? 1 : 0)
  const note = `${counts.passed} passed${failed > 0 ? `, ${failed} failed` : ''}${stopped ? ` (${stopped})` : ''}`
  return { ...counts, failed, note, output: readable }
}

const deadline = (milliseconds: number) => async (signal: AbortSignal) => {
  await delay(milliseconds, undefined, { signal })
  return `killed: not done after ${milliseconds / minutes} minutes`
}

/** Resolves when the report has been there for longer than an orderly exit takes. */
async function lingering(report: string, signal: AbortSignal): Promise<string> {
  while (!(await exists(report))) await delay(500, undefined, { signal })
  await delay(exitGrace, undefined, { signal })
  return 'jest was killed: its tests were done, but something they opened keeps it alive'
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

/** Why the containers are left out, where they are. */
async function noDockerEngine(): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }, (error) =>
      resolve(error ? 'no Docker engine answers (tools/docker/install-engine.sh starts one)' : undefined),
    )
  })
}
