import { parseArgs } from 'node:util'
import pg from 'pg'
import { printReport } from './print.ts'
import { verify } from './verify.ts'

/**
 * `npm run verify [-- --json]`: works out from deltas, derivations and recorded runs what everything in the studio of this database must be, and
 * compares. Ends with 1 where anything diverges.
 */
export async function main(args: string[], databaseUrl: string): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } })
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'studio-verify' })
  await client.connect()
  try {
    await client.query('begin transaction isolation level repeatable read read only')
    const report = await verify(client)
    process.stdout.write(values.json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report))
    return report.divergences.length === 0 ? 0 : 1
  } finally {
    await client.end()
  }
}
