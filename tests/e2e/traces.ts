import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { jetstreamManager, type NextMsgRequest } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { TestStudio } from '@studio/testing'
import { Client, Connection } from '@temporalio/client'
import pg from 'pg'

/** A place where something may be found, such as `blob.content`, and what it holds there. */
type Visit = (place: string, bytes: Buffer) => void

const schemas = ['blob', 'delta', 'dag', 'registry']

/**
 * Where the studio has any of these texts, in whatever way it keeps it: columns of all tables (contents decoded), messages of all streams, histories of all workflows, and what all
 * processes have logged. As UTF-8, and as base64 at any offset.
 */
export async function findTraces(studio: TestStudio, ...needles: string[]): Promise<string[]> {
  const forms = needles.flatMap((needle) => [Buffer.from(needle), ...base64FormsOf(needle)])
  const found = new Set<string>()
  const visit: Visit = (place, bytes) => {
    if (forms.some((form) => bytes.includes(form))) found.add(place)
  }
  await visitTables(studio, visit)
  await visitStreams(studio, visit)
  await visitHistories(studio, visit)
  visitLogs(studio, visit)
  return [...found].sort()
}

/** What base64 makes of the needle wherever it stands in what is encoded: without the digits that neighbours have a part in. */
function base64FormsOf(needle: string): Buffer[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(needle)])
      .toString('base64')
      .replace(/=+$/, '')
    return Buffer.from(text.slice(offset === 0 ? 0 : offset + 1, -2))
  })
}

async function visitTables({ databaseUrl }: TestStudio, visit: Visit): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname = any($1)`,
      [schemas],
    )
    for (const { name } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(`select * from ${name}`)
      for (const row of rows)
        for (const value of Object.values(row)) visit(name, Buffer.isBuffer(value) ? value : Buffer.from(textOf(value)))
    }
    // What the planner remembers of columns.
    await client.query('analyze')
    const { rows: samples } = await client.query<Record<string, unknown>>(
      'select most_common_vals::text, histogram_bounds::text from pg_stats',
    )
    for (const sample of samples) visit('pg_stats', Buffer.from(textOf(sample)))
    await visitContents(client, visit)
  } finally {
    await client.end()
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

interface ContentRow {
  tenant_id: string
  hash: string
  encoding: number
  bytes: Buffer
  base_hash: string | null
}

/** Kept as they are, gzipped, or as a patch on another one. */
async function visitContents(client: pg.Client, visit: Visit): Promise<void> {
  const { rows } = await client.query<ContentRow>(
    'select tenant_id, hash, encoding, bytes, base_hash from blob.content',
  )
  const byKey = new Map(rows.map((row) => [`${row.tenant_id} ${row.hash}`, row]))
  const decode = ({ tenant_id, encoding, bytes, base_hash }: ContentRow): Buffer => {
    if (encoding === 1) return gunzipSync(bytes)
    if (encoding !== 2) return bytes
    const base = byKey.get(`${tenant_id} ${base_hash}`)
    if (!base) throw new Error('a patch without its base')
    return zstdDecompressSync(bytes, { dictionary: decode(base) })
  }
  for (const row of rows) visit(row.encoding === 2 ? 'blob.content patches' : 'blob.content', decode(row))
}

async function visitStreams({ natsUrl }: TestStudio, visit: Visit): Promise<void> {
  const { host, username, password } = new URL(natsUrl)
  const connection = await connect({ servers: host, ...(username && { user: username, pass: password }) })
  try {
    const manager = await jetstreamManager(connection)
    for await (const { config } of manager.streams.list())
      for (let seq = 1, more = true; more;) {
        const next: NextMsgRequest & { seq: number } = { seq, next_by_subj: '>' }
        const message = await manager.streams.getMessage(config.name, next)
        more = message !== null
        if (message === null) break
        visit(
          'nats',
          Buffer.concat([
            Buffer.from(message.subject),
            message.data,
            Buffer.from(JSON.stringify([...(message.header ?? [])])),
          ]),
        )
        seq = message.seq + 1
      }
  } finally {
    await connection.close()
  }
}

/** As JSON a history has its payloads in base64. */
async function visitHistories({ temporalAddress }: TestStudio, visit: Visit): Promise<void> {
  const connection = await Connection.connect({ address: temporalAddress })
  try {
    const client = new Client({ connection })
    for await (const { workflowId, runId, memo, searchAttributes } of client.workflow.list()) {
      visit('temporal', Buffer.from(JSON.stringify([workflowId, memo, searchAttributes])))
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
      visit('temporal', Buffer.from(JSON.stringify(history)))
    }
  } finally {
    await connection.close()
  }
}

const parts = [
  'postgres',
  'nats',
  'temporal',
  'gateway',
  'blob',
  'delta-engine',
  'dag',
  'provider-registry',
  'worker',
  'verifier',
  'test-worker',
] as const

function visitLogs(studio: TestStudio, visit: Visit): void {
  for (const part of parts) visit('logs', Buffer.from(studio.logs(part)))
}

/**
 * Whether the files of the database have a text, once all tables are written anew (dead rows are gone then) and all of it is in them. What PostgreSQL logs ahead is
 * elsewhere. Undefined where the files are another machine's.
 */
export async function isInFiles(client: pg.Client, needle: string): Promise<boolean | undefined> {
  await client.query('vacuum full')
  await client.query('checkpoint')
  const { rows } = await client.query<{ folder: string }>(
    `select current_setting('data_directory') || '/base/' || oid as folder from pg_database where datname = current_database()`,
  )
  const folder = rows[0]?.folder ?? ''
  const files = await readdir(folder).catch(() => undefined)
  if (files === undefined) return undefined
  for (const file of files)
    if ((await readFile(join(folder, file)).catch(() => Buffer.alloc(0))).includes(needle)) return true
  return false
}
