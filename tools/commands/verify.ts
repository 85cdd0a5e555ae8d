import { isAlive, loadSecrets, postgresUrl, readState } from '@studio/supervisor'
import { main as verify } from '../../verify/src/command.ts'
import { readConfig } from '../config.ts'
import { UserError } from '../user-error.ts'

/** Verifies the studio whose database DATABASE_URL names, else the running one of this clone. */
export async function main(args: string[]): Promise<number> {
  return verify(args, process.env['DATABASE_URL'] || localDatabase())
}

function localDatabase(): string {
  const { stateFile, secretsFile } = readConfig()
  const state = readState(stateFile)
  const port = state?.parts.find(({ name }) => name === 'postgres')?.port
  if (!state || !isAlive(state.launcher) || port === undefined)
    throw new UserError(
      'No studio of this clone is running: `npm start` starts one; or name a database in DATABASE_URL.',
    )
  return postgresUrl({ port, password: loadSecrets(secretsFile).postgresPassword })
}
