import { createDatabase } from '@studio/database'
import { createLogger } from '@studio/telemetry'
import { emptyDatabase } from '@studio/testing'
import { readFile } from 'node:fs/promises'

const log = createLogger({ service: 'registry-test', level: 'fatal' })
const nobody = '00000000-0000-0000-0000-000000000000'
const sqlOf = (migration: string) =>
  readFile(new URL(`../prisma/migrations/${migration}/migration.sql`, import.meta.url), 'utf8')

test('kept manifests name their input, and nothing else in them changes', async () => {
  const empty = await emptyDatabase()
  const database = createDatabase({ url: empty.url, schema: 'registry', log, max: 1 })
  const run = (sql: string) => database.pool.query(sql)
  try {
    await run(await sqlOf('20261121000000_init'))
    const misleading = '"input_types":["description"] \u0000'
    const rest = { output_type: 'text/plain', default_config: { input_types: ['config'] } }
    const kept = {
      quoted: { id: 'quoted', description: misleading, input_types: ['a/"]\\', 'text/*'], ...rest },
      plain: { id: 'plain', description: '', input_types: ['text/plain'], ...rest },
    }
    for (const [id, manifest] of Object.entries(kept)) {
      await database.query(
        'insert-provider',
        'INSERT INTO provider (tenant_id, id, current_version) VALUES ($1, $2, $3)',
        [nobody, id, '1.0.0'],
      )
      await database.query(
        'insert-version',
        'INSERT INTO provider_version (tenant_id, provider_id, version, digest, manifest) VALUES ($1, $2, $3, $4, $5)',
        [nobody, id, '1.0.0', 'digest', JSON.stringify(manifest)],
      )
    }
    await run(await sqlOf('20261121180000_inputs'))
    const rows = await database.query<{ manifest: unknown }>(
      'read',
      'SELECT manifest FROM provider_version ORDER BY provider_id',
      [],
    )
    expect(rows.map(({ manifest }) => manifest)).toEqual([
      { id: 'plain', description: '', inputs: { input: { types: ['text/plain'], list: false } }, ...rest },
      {
        id: 'quoted',
        description: misleading,
        inputs: { input: { types: ['a/"]\\', 'text/*'], list: false } },
        ...rest,
      },
    ])
  } finally {
    await database.close()
    await empty.drop()
  }
})
