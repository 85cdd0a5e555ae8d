import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { machineEnvironment, type Environment } from '../environment.ts'
import { hasCode } from '../error-shape.ts'
import type { ProcessPart } from '../part.ts'
import { until } from '../probe.ts'
import { commandLine } from '../process-identity.ts'
import type { PostgresBinary } from './binaries.ts'

const run = promisify(execFile)

/** The user and the database of the studio. */
export const postgresName = 'studio'

export interface PostgresOptions {
  binary: PostgresBinary
  /** Data folder of the cluster; initialised when it is missing. */
  folder: string
  port: number
  password: string
  environment: Environment
  /** Server settings besides the studio's own, e.g. `{ fsync: 'off' }` for throwaway clusters. */
  settings?: Record<string, string>
}

/** postgres://… of a database on a local cluster. */
export function postgresUrl(options: { port: number; password: string; database?: string }): string {
  return `postgres://${postgresName}:${options.password}@127.0.0.1:${options.port}/${options.database ?? postgresName}`
}

/** PostgreSQL on loopback TCP, with the database `studio` owned by the user `studio`. */
export function postgresPart(options: PostgresOptions): ProcessPart {
  const { binary, folder, port } = options
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    ...options.settings,
  }
  return {
    kind: 'process',
    name: 'postgres',
    dependsOn: [],
    port,
    url: `postgres://127.0.0.1:${port}/${postgresName}`,
    version: binary.version,
    deadlineMs: 60_000,
    stopSignal: 'SIGINT',
    stopGraceMs: 15_000,
    prepare: async () => {
      if (existsSync(folder)) await prepareExisting(folder, binary)
      else await initialise(options)
    },
    command: () => {
      const [file, ...args] = unprivileged([
        join(binary.folder, 'postgres'),
        ...['-D', folder, '-p', String(port)],
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ])
      return { file, args, cwd: dirname(folder), env: postgresEnvironment(options.environment) }
    },
    probe: (signal) => query({ ...options, database: 'postgres' }, 'select 1', signal),
    afterReady: async () => {
      await query({ ...options, database: 'postgres' }, `create database ${postgresName}`).catch((error: unknown) => {
        const duplicateDatabase = '42P04'
        if (!hasCode(error, duplicateDatabase)) throw error
      })
    },
  }
}

/**
 * PostgreSQL refuses to run as root. Root runs it as "nobody" of a user namespace of its own: no user is made, and files made
 * there belong to root outside, so that it works in every folder, also below one of mode 0700.
 */
function unprivileged(command: [string, ...string[]]): [string, ...string[]] {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return command
  return ['unshare', '--user', '--map-user=65534', '--map-group=65534', '--', ...command]
}

function postgresEnvironment(environment: Environment): Record<string, string> {
  return { ...machineEnvironment(environment), LC_ALL: 'C', LANG: 'C' }
}

/** Makes the cluster beside its place and moves it there, so that an interrupted initdb leaves nothing half-made behind. */
async function initialise(options: PostgresOptions): Promise<void> {
  const { binary, folder } = options
  const draft = `${folder}.initialising`
  const passwordFile = `${folder}.password`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  writeFileSync(passwordFile, options.password, { mode: 0o600 })
  // The builtin provider gives Unicode case rules that are the same on every machine.
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  const throwaway = options.settings?.['fsync'] === 'off' ? ['--no-sync'] : []
  const [file, ...args] = unprivileged([
    join(binary.folder, 'initdb'),
    ...[
      '-D',
      draft,
      '-U',
      postgresName,
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      ...locale,
      ...throwaway,
    ],
  ])
  try {
    await run(file, args, { env: postgresEnvironment(options.environment), timeout: 60_000 })
    renameSync(draft, folder)
  } catch (error) {
    const output = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr).trim() : ''
    throw new Error(`initdb failed: ${output || String(error)}`, { cause: error })
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(draft, { recursive: true, force: true })
  }
}

async function prepareExisting(folder: string, binary: PostgresBinary): Promise<void> {
  const made = Number.parseInt(readFileSync(join(folder, 'PG_VERSION'), 'utf8'))
  if (made !== binary.major)
    throw new Error(
      `the data folder was made by PostgreSQL ${made}, this is ${binary.major}. \`npm run reset\` starts afresh (and deletes the data).`,
    )
  removeStaleLock(folder)
  await until(() => noServerProcessIn(folder), { deadlineMs: 10_000 })
}

/** After a crash the lock names a dead process, or, worse, a foreign one that has its number now: postgres would not start. */
function removeStaleLock(folder: string): void {
  const lock = join(folder, 'postmaster.pid')
  if (!existsSync(lock)) return
  const pid = Number.parseInt(readFileSync(lock, 'utf8'))
  if (!commandLine(pid).includes('postgres')) rmSync(lock, { force: true })
}

/** A killed postmaster's children end a moment later; a new one refuses to start while they hold the shared memory. */
async function noServerProcessIn(folder: string): Promise<void> {
  if (process.platform !== 'linux') return
  const place = realpathSync(folder)
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    let workingFolder: string
    try {
      workingFolder = readlinkSync(`/proc/${entry}/cwd`)
    } catch {
      continue
    }
    if (workingFolder === place) throw new Error(`process ${entry} of an earlier server is still running`)
  }
}

async function query(
  options: { port: number; password: string; database: string },
  text: string,
  signal?: AbortSignal,
): Promise<void> {
  const client = new pg.Client({
    connectionString: postgresUrl(options),
    connectionTimeoutMillis: 3_000,
    query_timeout: 30_000,
  })
  const abort = (): void => void client.end().catch(() => undefined)
  signal?.addEventListener('abort', abort, { once: true })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(text)
  } finally {
    signal?.removeEventListener('abort', abort)
    await client.end().catch(() => undefined)
  }
}
