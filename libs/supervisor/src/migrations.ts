import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { machineEnvironment, type Environment } from './environment.ts'
import { databaseSchemas, projectRoot, serviceFolders, type DatabaseService } from './project.ts'

const run = promisify(execFile)

export interface MigrateOptions {
  /** postgres://… of an existing database, without a schema. */
  databaseUrl: string
  environment: Environment
  services?: readonly DatabaseService[]
  root?: string
  report?: (detail: string) => void
  signal?: AbortSignal
}

/** Names of the migrations of a service, oldest first. */
export function migrationNames(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'migration.sql')))
    .map((entry) => entry.name)
    .sort()
}

/** SHA-256 over the names and texts of the migrations in a folder. */
export function migrationsHash(folder: string): string {
  const hash = createHash('sha256')
  for (const name of migrationNames(folder))
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(join(folder, name, 'migration.sql')))
      .update('\0')
  return hash.digest('hex')
}

/**
 * Brings the schema of each service to its newest migration and returns the services for which there was something to do. The
 * hash of what was applied lies in the database itself (`public.studio_migration`), so that "nothing to do" costs one query and can't
 * outlive the data. Throws an Error with the output of Prisma when a migration fails.
 */
export async function migrate(options: MigrateOptions): Promise<DatabaseService[]> {
  const root = options.root ?? projectRoot
  const services = options.services ?? (Object.keys(databaseSchemas) as DatabaseService[])
  const client = new pg.Client({ connectionString: options.databaseUrl, connectionTimeoutMillis: 5_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    // one migrator at a time; the lock ends with the connection
    await client.query(`select pg_advisory_lock(hashtext('studio_migration'))`)
    await client.query(
      'create table if not exists public.studio_migration (service text primary key, hash text not null, applied_at timestamptz not null default now())',
    )
    const { rows } = await client.query<{ service: string; hash: string }>(
      'select service, hash from public.studio_migration',
    )
    const applied = new Map(rows.map((row) => [row.service, row.hash]))
    const hashes = new Map(
      services.map((service) => [service, migrationsHash(join(root, serviceFolders[service], 'prisma/migrations'))]),
    )
    const pending = services.filter((service) => applied.get(service) !== hashes.get(service))
    options.report?.(pending.length === 0 ? 'nothing to do' : pending.join(', '))
    await Promise.all(pending.map((service) => deploy(service, root, options)))
    for (const service of pending) {
      await verifyApplied(client, service, root)
      await client.query(
        'insert into public.studio_migration (service, hash) values ($1, $2) on conflict (service) do update set hash = excluded.hash, applied_at = now()',
        [service, hashes.get(service)],
      )
    }
    return pending
  } finally {
    await client.end()
  }
}

async function deploy(service: DatabaseService, root: string, options: MigrateOptions): Promise<void> {
  const folder = join(root, serviceFolders[service])
  const url = new URL(options.databaseUrl)
  url.searchParams.set('schema', databaseSchemas[service])
  const inherited = machineEnvironment(options.environment)
  try {
    await run(process.execPath, [join(folder, 'node_modules/prisma/build/index.js'), 'migrate', 'deploy'], {
      cwd: folder,
      signal: options.signal,
      timeout: 120_000,
      env: {
        ...inherited,
        PATH: [dirname(process.execPath), inherited['PATH']].join(delimiter),
        DATABASE_URL: url.href,
        PRISMA_SCHEMA_ENGINE_BINARY:
          options.environment['PRISMA_SCHEMA_ENGINE_BINARY'] ?? join(root, 'tools/prisma-schema-engine.mjs'),
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
    })
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(
      `the migrations of ${service} failed: ${`${stdout ?? ''}${stderr ?? ''}`.trim() || String(error)}`,
      { cause: error },
    )
  }
}

/** Prisma's CLI has been seen to exit with 0 and do nothing when its engine crashed: look at what it recorded. */
async function verifyApplied(client: pg.Client, service: DatabaseService, root: string): Promise<void> {
  const names = migrationNames(join(root, serviceFolders[service], 'prisma/migrations'))
  const table = `${client.escapeIdentifier(databaseSchemas[service])}._prisma_migrations`
  const { rows } = await client.query<{ migration_name: string }>(
    `select migration_name from ${table} where finished_at is not null and rolled_back_at is null`,
  )
  const missing = names.filter((name) => !rows.some((row) => row.migration_name === name))
  if (missing.length > 0)
    throw new Error(
      `Prisma reported success, but these migrations of ${service} are not recorded as applied: ${missing.join(', ')}`,
    )
}
