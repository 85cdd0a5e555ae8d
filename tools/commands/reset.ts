import { existsSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { sep } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { readConfig, type Config } from '../config.ts'
import { UserError } from '../user-error.ts'
import { stopStudio } from './stop.ts'

/** Refuses folders that are no studio's data, so that a slip in STUDIO_DATA_DIR deletes nothing. */
function checkIsDataFolder(config: Config): void {
  const holds = (folder: string): boolean => `${folder}${sep}`.startsWith(`${config.dataDir}${sep}`)
  if (holds(config.root) || holds(homedir()) || !existsSync(config.secretsFile))
    throw new UserError(`${config.dataDir} does not look like the data folder of a studio; nothing was deleted.`)
}

/** `npm run reset [-- --yes]` */
export async function main(args: string[]): Promise<number> {
  const config = readConfig()
  if (!existsSync(config.dataDir)) {
    process.stdout.write(`There is nothing to delete: ${config.dataDir} does not exist.\n`)
    return 0
  }
  checkIsDataFolder(config)
  const what = `${config.dataDir} with all blobs, versions, logs, and the local user's secrets`
  if (!args.includes('--yes')) {
    if (!process.stdin.isTTY)
      throw new UserError(`This deletes ${what}.\nTo do so without being asked:  npm run reset -- --yes`)
    const terminal = createInterface({ input: process.stdin, output: process.stdout })
    const answer = await terminal.question(`Delete ${what}? [y/N] `)
    terminal.close()
    if (!/^y(es)?$/i.test(answer.trim())) {
      process.stdout.write('Nothing was deleted.\n')
      return 1
    }
  }
  await stopStudio(config)
  rmSync(config.dataDir, { recursive: true, force: true })
  process.stdout.write(`Deleted ${what}.\n`)
  return 0
}
