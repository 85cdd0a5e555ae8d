import { parseArgs } from 'node:util'
import { printReport } from './print.ts'
import { verify } from './verify.ts'
import { withSnapshot } from './with-snapshot.ts'

/**
 * `npm run verify [-- --json]`: works out from deltas, derivations and recorded runs what everything in the studio of this database must be, and
 * compares. Ends with 1 where anything diverges.
 */
export async function main(args: string[], databaseUrl: string): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } })
  const report = await withSnapshot(databaseUrl, (client) => verify(client))
  process.stdout.write(values.json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report))
  return report.divergences.length === 0 ? 0 : 1
}
