/** What to run for a part: an executable with its arguments and its whole environment. */
export interface Command {
  file: string
  args: string[]
  /** The complete environment of the process; nothing is inherited beyond it. */
  env: Record<string, string>
  /** Working folder. */
  cwd: string
}

/** How a part is asked to stop. PostgreSQL takes SIGINT for its fast shutdown: SIGTERM waits for every client to leave. */
export type StopSignal = 'SIGTERM' | 'SIGINT'

interface PartBasis {
  name: string
  /** Names of the parts that must be ready before this one starts. */
  dependsOn: readonly string[]
  /** Longest time from start to ready, in ms. */
  deadlineMs: number
}

/** A long-running process with a readiness probe. */
export interface ProcessPart extends PartBasis {
  kind: 'process'
  /** The port that it serves on (loopback), as shown to people. */
  port: number
  /** Address for people and for `status`. */
  url: string
  /** Version of the engine, when known. */
  version?: string
  /** Runs before each start of the process: makes folders, initialises a data folder. */
  prepare?: () => Promise<void>
  command: () => Command
  /** Resolves when the part is ready; throws an Error saying what is missing. Tried again until the deadline. */
  probe: (signal: AbortSignal) => Promise<void>
  /** Runs once after each start, when the probe has succeeded. */
  afterReady?: () => Promise<void>
  stopSignal: StopSignal
  /** Time between the stop signal and SIGKILL, in ms. */
  stopGraceMs: number
}

/** Work that is done once on the way up, such as migrations. */
export interface TaskPart extends PartBasis {
  kind: 'task'
  /** Does the work; what it reports is shown as the detail of the part. */
  run: (report: (detail: string) => void, signal: AbortSignal) => Promise<void>
}

/** One node of the start graph. */
export type Part = ProcessPart | TaskPart

/** `failed` means that it missed its deadline or died on the way up; `down` that it died once ready and is not restarted any more. */
export type PartStatus = 'waiting' | 'starting' | 'ready' | 'restarting' | 'stopping' | 'stopped' | 'failed' | 'down'

/** What is known of a part at a moment. */
export interface PartState {
  name: string
  kind: Part['kind']
  status: PartStatus
  port?: number
  url?: string
  version?: string
  /** Process id while a process runs. */
  pid?: number
  /** Time from start to ready, in ms, once ready. */
  readyAfterMs?: number
  /** When the present state began, ms since the epoch. */
  since: number
  /** A short word on what goes on: the last answer of the probe, the exit code, the step of a task. */
  detail?: string
  /** How often it was restarted after it had died by itself. */
  restarts: number
}
