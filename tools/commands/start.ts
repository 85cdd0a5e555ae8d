import { spawn, type ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import {
  choosePorts,
  freePort,
  isPartFailure,
  isPortFree,
  loadSecrets,
  logFolderOf,
  portHolder,
  reservePorts,
  stackParts,
  Supervisor,
  takeOver,
  withIdentities,
  writeState,
  identify,
  type PartState,
  type StudioState,
} from '@studio/supervisor'
import { readConfig, type Config } from '../config.ts'
import { prepare } from '../prepare.ts'
import { Board } from '../terminal/board.ts'
import { failureText, portTakenText, readyText, rowOf, runningAlreadyText } from '../terminal/texts.ts'
import { UserError } from '../user-error.ts'
import { localToken } from './token.ts'

/** `npm start [-- --no-demo]`: starts everything, shows the demo, stays up until it is told to stop. */
export async function main(args: string[]): Promise<number> {
  const unknown = args.filter((argument) => argument !== '--no-demo')
  if (unknown.length > 0) throw new UserError(`npm start takes --no-demo only, not ${unknown.join(' ')}.`)
  const config = readConfig()
  const begin = performance.now()
  const stopRequested = onStopSignal()
  const url = `http://127.0.0.1:${config.ports.services.gateway}`
  const taken = await takeOver(config.stateFile, { url, temporalUiUrl: '', ready: false, parts: [] })
  if ('runningAlready' in taken) {
    process.stdout.write(runningAlreadyText(taken.runningAlready))
    return 0
  }
  if (taken.cleaned > 0) process.stdout.write(`Ended ${taken.cleaned} processes that an earlier studio had left.\n`)
  try {
    return await run(config, { url, demo: !args.includes('--no-demo'), begin, stopRequested })
  } finally {
    rmSync(config.stateFile, { force: true })
  }
}

/** Resolves at the first request to stop; further ones change nothing, so that an impatient second Ctrl-C leaves no orphans. */
function onStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal))
  })
}

async function run(
  config: Config,
  start: { url: string; demo: boolean; begin: number; stopRequested: Promise<NodeJS.Signals> },
): Promise<number> {
  await refuseTakenPort(config.ports.services.gateway)
  const board = new Board(process.stdout)
  const logFolder = logFolderOf(config.dataDir)
  const interrupted = start.stopRequested.then(() => 'interrupted' as const)

  const engines = await Promise.race([prepare({ ...config, show: (row) => board.set(row) }), interrupted])
  if (engines === 'interrupted') return farewell(board)
  const ports = await choosePorts(config.ports)
  const launcher = identify(process.pid)
  if (!launcher) throw new Error('This process cannot find itself in the process table.')
  const state: StudioState = {
    launcher,
    url: start.url,
    temporalUiUrl: `http://127.0.0.1:${ports.temporalUi}`,
    ready: false,
    parts: [],
  }

  const supervisor = new Supervisor({
    parts: await reservePorts(stackParts({ ...config, ports, engines, secrets: loadSecrets(config.secretsFile) })),
    logFolder,
    restart: true,
    onChange: (part) => {
      show(board, part)
      writeState(config.stateFile, { ...state, parts: withIdentities(supervisor.states()) })
    },
    onDown: (failure) => process.stderr.write(failureText(failure, supervisor.logFile(failure.part))),
  })
  for (const part of supervisor.states()) show(board, part)

  const started = supervisor.start()
  try {
    if ((await Promise.race([started, interrupted])) === 'interrupted') {
      started.catch(() => undefined)
      await supervisor.stop()
      return farewell(board)
    }
  } catch (error) {
    board.settle()
    if (!isPartFailure(error)) throw error
    process.stderr.write(failureText(error, supervisor.logFile(error.part)))
    process.stderr.write('Everything that had been started was stopped again.\n')
    return 1
  }

  board.settle()
  state.ready = true
  writeState(config.stateFile, { ...state, parts: withIdentities(supervisor.states()) })
  process.stdout.write(
    readyText({ state, dataDir: config.dataDir, logFolder, seconds: (performance.now() - start.begin) / 1000 }),
  )
  const demo = start.demo ? await startDemo(config, start.url) : undefined
  await start.stopRequested
  process.stdout.write('\nStopping …\n')
  demo?.kill('SIGTERM')
  await supervisor.stop()
  return farewell(board)
}

async function refuseTakenPort(port: number): Promise<void> {
  if (await isPortFree(port)) return
  const suggestion = (await isPortFree(port + 100)) ? port + 100 : await freePort()
  throw new UserError(portTakenText(port, portHolder(port), suggestion))
}

function show(board: Board, part: PartState): void {
  board.set(rowOf(part))
}

function farewell(board: Board): number {
  board.settle()
  process.stdout.write('The studio has stopped; nothing is left running.\n')
  return 0
}

/** The main job for the eyes; whether it works out or not, the studio stays up. */
async function startDemo(config: Config, url: string): Promise<ChildProcess> {
  const demo = spawn(process.execPath, ['-C', 'source', 'apps/demo/src/main.ts'], {
    cwd: config.root,
    stdio: 'inherit',
    env: { ...process.env, STUDIO_URL: url, STUDIO_TOKEN: await localToken(config) },
  })
  demo.once('error', (error) => process.stderr.write(`The demo can't be started: ${error.message}\n`))
  demo.once('exit', (code) => {
    if (code)
      process.stderr.write(
        `The demo ended with exit code ${code}; the studio is still up. \`npm start -- --no-demo\` leaves it out.\n`,
      )
  })
  return demo
}
