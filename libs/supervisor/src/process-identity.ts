import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** A process that stays told apart from a later one with the same pid, by the moment at which it started. */
export interface ProcessIdentity {
  pid: number
  /** Opaque start time: clock ticks since boot with the boot's id on Linux, `ps` text elsewhere. */
  started: string
}

/** The field `starttime` (22nd) of a /proc/<pid>/stat line. The command name may itself hold blanks and brackets. */
export function startTimeOf(stat: string): string {
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  if (started === undefined) throw new Error('This is not a line of /proc/<pid>/stat.')
  return started
}

let bootId: string | undefined

/** The identity of a running process; undefined when there is none under this pid (a zombie counts as gone). */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    if (process.platform !== 'linux') {
      const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
      return started === '' ? undefined : { pid, started }
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')) return undefined
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return { pid, started: `${startTimeOf(stat)}@${bootId}` }
  } catch {
    return undefined
  }
}

/** True while exactly this process runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started
}

/** The command line of a process for people, empty when it can't be read. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}

/** Signals the whole process group of a group leader; false when there is none any more. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    return false
  }
}
