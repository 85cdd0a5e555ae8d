import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode } from './error-shape.ts'
import type { PartState } from './part.ts'
import { identify, isAlive, signalGroup, type ProcessIdentity } from './process-identity.ts'

/** What a running studio leaves for `status`, `stop` and the next start. */
export interface StudioState {
  launcher: ProcessIdentity
  /** Address of the gateway. */
  url: string
  temporalUiUrl: string
  /** True once all parts are ready. */
  ready: boolean
  parts: (PartState & { process?: ProcessIdentity })[]
}

/** The state in `file`; undefined when there is none (or one that can't be read). */
export function readState(file: string): StudioState | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StudioState
  } catch {
    return undefined
  }
}

/** Writes the state whole or not at all. */
export function writeState(file: string, state: StudioState): void {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(state, undefined, 2)}\n`)
  renameSync(draft, file)
}

/** The states as they go into the file, each running process with the moment it started. */
export function withIdentities(states: readonly PartState[]): StudioState['parts'] {
  return states.map((state) => {
    const process = state.pid === undefined ? undefined : identify(state.pid)
    return process ? { ...state, process } : { ...state }
  })
}

/** The processes of a state that still run, the launcher not among them. */
export function survivors(state: StudioState): ProcessIdentity[] {
  return state.parts.flatMap((part) => (part.process && isAlive(part.process) ? [part.process] : []))
}

/**
 * Ends what a launcher that is gone has left running (its reaper does that first; this is the net below it), then removes the
 * file. Returns how many there were. Only processes with the recorded start time are touched.
 */
export async function cleanUp(file: string): Promise<number> {
  const state = readState(file)
  if (!state) return 0
  const left = survivors(state)
  for (const process of left)
    signalGroup(
      process.pid,
      state.parts.find((part) => part.process === process)?.name === 'postgres' ? 'SIGINT' : 'SIGTERM',
    )
  for (let waited = 0; waited < 10_000 && left.some(isAlive); waited += 50) await sleep(50)
  for (const process of left.filter(isAlive)) signalGroup(process.pid, 'SIGKILL')
  rmSync(file, { force: true })
  return left.length
}

/**
 * Makes `file` the sign that this process runs the studio of this data folder. Returns the state of the other launcher when one is
 * running already; what a dead one has left is ended and taken over.
 */
export async function takeOver(
  file: string,
  own: Omit<StudioState, 'launcher'>,
): Promise<{ runningAlready: StudioState } | { cleaned: number }> {
  const launcher = identify(process.pid)
  if (!launcher) throw new Error('This process cannot find itself in the process table.')
  mkdirSync(dirname(file), { recursive: true })
  let cleaned = 0
  for (;;) {
    try {
      writeFileSync(file, `${JSON.stringify({ ...own, launcher })}\n`, { flag: 'wx' })
      return { cleaned }
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    const other = readState(file)
    if (other && isAlive(other.launcher)) return { runningAlready: other }
    cleaned += await cleanUp(file)
    rmSync(file, { force: true })
  }
}
