import { diagnose, type PartFailure, type PartState, type PortHolder, type StudioState } from '@studio/supervisor'
import type { Row } from './board.ts'

/** A part's state as a row of the board. */
export function rowOf(state: PartState): Row {
  const mood = {
    waiting: 'waiting',
    starting: 'busy',
    ready: 'good',
    restarting: 'busy',
    stopping: 'busy',
    stopped: 'waiting',
    failed: 'bad',
    down: 'bad',
  } as const
  return {
    name: state.name,
    status: state.kind === 'task' && state.status === 'ready' ? 'done' : state.status,
    mood: mood[state.status],
    port: state.port,
    version: state.version,
    tookMs: state.status === 'ready' ? state.readyAfterMs : undefined,
    detail: state.status === 'starting' && state.kind === 'process' ? undefined : state.detail,
  }
}

/** What is said when everything is ready. */
export function readyText(options: {
  state: Pick<StudioState, 'url' | 'temporalUiUrl'>
  dataDir: string
  logFolder: string
  seconds: number
}): string {
  const { url, temporalUiUrl } = options.state
  return [
    '',
    `The studio is ready after ${options.seconds.toFixed(1)} s.`,
    '',
    `  REST          ${url}/api/v1`,
    `  Temporal UI   ${temporalUiUrl}`,
    `  Logs          ${options.logFolder}`,
    `  Data          ${options.dataDir}`,
    `  Token         npm run -s token`,
    '',
    `  curl -H "authorization: Bearer $(npm run -s token)" ${url}/api/v1/blobs`,
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n')
}

/** What is said when a studio of this data folder runs already. */
export function runningAlreadyText(state: StudioState): string {
  return [
    `The studio of this clone is running already (process ${state.launcher.pid}${state.ready ? '' : ', still starting'}).`,
    `  REST          ${state.url}/api/v1`,
    `  Temporal UI   ${state.temporalUiUrl}`,
    '`npm run status` shows its parts, `npm run stop` ends it.',
    '',
  ].join('\n')
}

/** What is said when the gateway's port belongs to somebody else. */
export function portTakenText(port: number, holder: PortHolder | undefined, suggestion: number): string {
  const who = holder
    ? `process ${holder.pid} (${holder.command || 'of unknown name'})`
    : 'a process that this user may not look into'
  return `Port ${port} is held by ${who}.\nThe gateway needs a port of its own:  STUDIO_GATEWAY_PORT=${suggestion} npm start`
}

/** The last lines of a part that failed, why it probably did, and what to do. */
export function failureText(failure: PartFailure, logFile: string): string {
  const { cause, mend } = diagnose(failure.message, failure.tail, logFile)
  return [
    '',
    `${failure.message}`,
    ...(failure.tail.length > 0 ? ['', `Last lines of ${logFile}:`, ...failure.tail.map((line) => `  │ ${line}`)] : []),
    '',
    `Likely cause: ${cause}.`,
    `What to do:   ${mend}`,
    '',
  ].join('\n')
}
