import { spawn } from 'node:child_process'
import { hasCode } from '@studio/supervisor'

/** A program that failed. The message is its last line, `output` all it wrote. */
export class RunFailure extends Error {
  readonly code = 'run_failed'
  readonly output: string

  constructor(message: string, output: string) {
    super(message)
    this.output = output
  }
}

/** True for a RunFailure. */
export function isRunFailure(error: unknown): error is RunFailure {
  return hasCode(error, 'run_failed')
}

/** Runs a program to its end and returns what it wrote; throws a RunFailure when it is missing, fails or takes too long. */
export function run(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    })
    // a set-up that is interrupted takes its helpers along
    const end = (): boolean => child.kill('SIGKILL')
    process.once('exit', end)
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.stderr.on('data', (data: Buffer) => (output += data.toString()))
    child.once('error', (error) => reject(new RunFailure(`${file}: ${error.message}`, output)))
    child.once('close', (code, signal) => {
      process.off('exit', end)
      if (code === 0) resolve(output)
      else reject(new RunFailure(output.trim().split('\n').at(-1) || `${file} ended with ${signal ?? code}`, output))
    })
  })
}
