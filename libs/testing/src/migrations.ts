import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { databaseSchemas, type DatabaseService, projectRoot } from '@studio/supervisor'
import pg from 'pg'

/**
 * Brings the tables of these services into an empty database by running their migration files as they stand: the same SQL
 * that `prisma migrate deploy` runs at a start of the studio, without its seconds. A service without migrations is left out.
 */
export async function migrate(databaseUrl: string, services: DatabaseService[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (const service of services) {
      const statements = await migrationsOf(service)
      if (statements.length === 0) continue
      await client.query(`create schema if not exists "${databaseSchemas[service]}"`)
      await client.query(`set search_path to "${databaseSchemas[service]}", public`)
      for (const { name, sql } of statements) {
        await client.query(sql).catch((error: Error) => {
          throw new Error(`migration ${service}/${name}: ${error.message}`, { cause: error })
        })
      }
    }
  } finally {
    await client.end()
  }
}

async function migrationsOf(service: DatabaseService): Promise<{ name: string; sql: string }[]> {
  const folder = join(projectRoot, 'services', service, 'prisma/migrations')
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.sort().map(async (name) => ({ name, sql: await readFile(join(folder, name, 'migration.sql'), 'utf8') })),
  )
}
