import { execFile, spawn } from 'node:child_process'
import { readFile, rm, mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, projectRoot } from '@studio/supervisor'
import type { Figure } from '../figure.ts'

const run = promisify(execFile)
const restMs = 20_000

/** A fresh clone of the last commit in an empty folder with an empty HOME: `npm start` twice; then the memory of all its processes at rest. */
export async function startUp(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'studio-start-'))
  const clone = join(folder, 'clone')
  try {
    await run('git', ['clone', '--quiet', projectRoot, clone])
    const environment = {
      ...process.env,
      HOME: join(folder, 'home'),
      STUDIO_GATEWAY_PORT: String(await freePort()),
      NODE_OPTIONS: '',
    }
    const first = await start(clone, environment)
    await first.stop()
    const second = await start(clone, environment)
    await new Promise((resolve) => setTimeout(resolve, restMs))
    const memory = await proportionalMemory(clone)
    await second.stop()
    return [
      { name: 'npm start: ready after, first time (cold)', value: first.seconds, unit: 's', better: 'lower' },
      { name: 'npm start: ready after, next times', value: second.seconds, unit: 's', better: 'lower' },
      { name: 'memory of the whole stack at rest (PSS)', value: memory, unit: 'MiB', aim: '< 1,126', better: 'lower' },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function start(
  clone: string,
  environment: NodeJS.ProcessEnv,
): Promise<{ seconds: number; stop(): Promise<void> }> {
  const began = performance.now()
  const child = spawn('npm', ['start', '--', '--no-demo'], {
    cwd: clone,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      if (printed.includes('/api/v1')) resolve()
    })
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}\n${printed.slice(-3000)}`)))
  })
  return {
    seconds: (performance.now() - began) / 1000,
    stop: async () => {
      await run('npm', ['run', 'stop'], { cwd: clone, env: environment })
      await ended
    },
  }
}

/** Proportional set size of all processes that run from this clone, in MiB: shared pages count once. Linux only. */
async function proportionalMemory(clone: string): Promise<number> {
  let kibibytes = 0
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [command, rollup] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''),
    ])
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (!command.includes(clone) && !environment.includes(clone)) continue
    kibibytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0)
  }
  return kibibytes / 1024
}
