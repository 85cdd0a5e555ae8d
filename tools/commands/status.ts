import { connect } from 'node:net'
import { isAlive, probeHttp, readState, serviceFolders, type StudioState } from '@studio/supervisor'
import { readConfig } from '../config.ts'
import { formatRow } from '../terminal/board.ts'

interface PartReport {
  name: string
  up: boolean
  status: string
  url?: string
  port?: number
  pid?: number
  version?: string
  restarts: number
}

function tcpAnswers(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('timeout', () => socket.destroy(new Error('no answer')))
    socket.once('error', reject)
  })
}

async function report(part: StudioState['parts'][number]): Promise<PartReport> {
  const { name, url, port, version, restarts } = part
  const alive = part.process !== undefined && isAlive(part.process)
  const answers = async (): Promise<void> =>
    name in serviceFolders ? probeHttp(`${url}/readyz`, AbortSignal.timeout(2_000)) : tcpAnswers(port ?? 0)
  const up =
    alive &&
    (await answers().then(
      () => true,
      () => false,
    ))
  const status = up ? 'up' : alive ? (part.status === 'ready' ? 'not ready' : part.status) : 'down'
  return { name, up, status, url, port, pid: alive ? part.process?.pid : undefined, version, restarts }
}

/** `npm run status [-- --json]`: exit code 0 when every part is up, 3 when not. */
export async function main(args: string[]): Promise<number> {
  const state = readState(readConfig().stateFile)
  const running = state !== undefined && isAlive(state.launcher)
  const parts = await Promise.all((state?.parts ?? []).filter((part) => part.kind === 'process').map(report))
  const up = running && parts.length > 0 && parts.every((part) => part.up)
  if (args.includes('--json')) {
    process.stdout.write(
      `${JSON.stringify({ up, running, url: running ? state.url : undefined, temporal_ui_url: running ? state.temporalUiUrl : undefined, parts }, undefined, 2)}\n`,
    )
    return up ? 0 : 3
  }
  if (!running) process.stdout.write('No studio of this clone is running; `npm start` starts one.\n')
  for (const part of parts) {
    const detail = [
      part.url,
      part.pid === undefined ? '' : `pid ${part.pid}`,
      part.restarts > 0 ? `restarted ${part.restarts}×` : '',
    ]
      .filter(Boolean)
      .join('  ')
    process.stdout.write(`${formatRow({ ...part, mood: part.up ? 'good' : 'bad', detail }, undefined)}\n`)
  }
  return up ? 0 : 3
}
