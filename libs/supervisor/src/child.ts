import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { openLog } from './log-file.ts'
import type { Command, StopSignal } from './part.ts'
import { signalGroup } from './process-identity.ts'
import type { Reaper } from './reaper.ts'

/** How a process ended. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A process in a group of its own that writes straight into its log file. */
export interface Child {
  pid: number
  /** Resolves when the process has ended; never rejects. */
  exited: Promise<Exit>
  /** Asks the group to stop, kills it after `graceMs`, and resolves when it has ended. */
  stop(signal: StopSignal, graceMs: number): Promise<Exit>
  /** SIGKILL to the group; resolves when it has ended. */
  kill(): Promise<Exit>
}

/** Starts a command. Rejects when the executable can't be started at all. */
export function startChild(
  command: Command,
  options: { logFile: string; reaper: Reaper; stopSignal: StopSignal },
): Promise<Child> {
  const log = openLog(options.logFile)
  const process = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  return new Promise((resolve, reject) => {
    process.once('error', (error) => reject(new Error(`${command.file} can't be started: ${error.message}`)))
    const pid = process.pid
    if (pid === undefined) return
    options.reaper.watch(pid, options.stopSignal)
    const exited = new Promise<Exit>((ended) => {
      process.once('exit', (code, signal) => {
        options.reaper.forget(pid)
        ended({ code, signal })
      })
    })
    const kill = (): Promise<Exit> => {
      signalGroup(pid, 'SIGKILL')
      return exited
    }
    const stop = async (signal: StopSignal, graceMs: number): Promise<Exit> => {
      const killer = setTimeout(() => void kill(), graceMs)
      signalGroup(pid, signal)
      try {
        return await exited
      } finally {
        clearTimeout(killer)
      }
    }
    resolve({ pid, exited, stop, kill })
  })
}

/** "exit code 1" or "SIGKILL", for people. */
export function describeExit(exit: Exit): string {
  return exit.signal ?? `exit code ${exit.code}`
}
