import { setTimeout as sleep } from 'node:timers/promises'
import { cleanUp, isAlive, readState } from '@studio/supervisor'
import { readConfig, type Config } from '../config.ts'
import { UserError } from '../user-error.ts'

const limitMs = 60_000

/** Stops the running studio of this data folder; false when there was none. */
export async function stopStudio(config: Config): Promise<boolean> {
  const state = readState(config.stateFile)
  if (!state) return false
  const running = isAlive(state.launcher)
  if (running) {
    process.stdout.write(`Stopping the studio (process ${state.launcher.pid}) …\n`)
    process.kill(state.launcher.pid, 'SIGTERM')
    for (let waited = 0; isAlive(state.launcher); waited += 50) {
      if (waited > limitMs)
        throw new UserError(
          `Process ${state.launcher.pid} has not ended after ${limitMs / 1000} s.\nWhat to do:   kill -KILL ${state.launcher.pid}; npm run stop`,
        )
      await sleep(50)
    }
  }
  const left = await cleanUp(config.stateFile)
  if (left > 0) process.stdout.write(`Ended ${left} processes that an earlier studio had left.\n`)
  return running || left > 0
}

/** `npm run stop` */
export async function main(): Promise<number> {
  process.stdout.write(
    (await stopStudio(readConfig())) ? 'The studio has stopped.\n' : 'No studio of this clone is running.\n',
  )
  return 0
}
