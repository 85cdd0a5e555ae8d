import type { Logger } from '@studio/telemetry'
import pg from 'pg'
import { isAborted, isRetryable, toStudioError } from './errors.ts'
import { queryableOn, type Queryable, type Transaction, type TransactionOptions } from './queryable.ts'

export interface DatabaseOptions {
  /** postgres:// URL of the database; the schema is given apart. */
  url: string
  /** The service's own schema. */
  schema: string
  log: Logger
  /** Most connections; 10 a service share out the 50 of the requirements. */
  max?: number
}

/** A service's own schema in PostgreSQL. */
export interface Database extends Queryable {
  readonly schema: string
  readonly pool: pg.Pool
  /**
   * Runs `work` in a transaction (READ COMMITTED unless told) and commits it. Serialisation failures and deadlocks run it again, up to
   * five times, so it must have no effect outside of the database.
   */
  transaction<Result>(
    work: (transaction: Transaction) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>
  /** Resolves when the database answers; throws `dependency_unavailable`. */
  ping(): Promise<void>
  /** Waits for the connections that are in use, then ends all. */
  close(): Promise<void>
}

const attempts = 5
/** What a transaction sends in one turn is gathered up to this. */
const pieceBytes = 16 * 1024
const limits = {
  connectionTimeoutMillis: 5_000,
  idleTimeoutMillis: 10 * 60_000,
  maxLifetimeSeconds: 60 * 60,
  statementTimeoutMs: 30_000,
  idleInTransactionMs: 60_000,
} as const

/**
 * What a page found by an index costs in plans, against one read in turn: PostgreSQL's own 4 is of turning disks. Prepared statements keep the plan of when
 * tables were small, for which 4 reads them whole: until autovacuum has looked, each one of an import's many statements then reads all that the import has made.
 */
const randomPageCost = 1.1

/** Connects lazily: a database that is not there yet shows in `ping`, and in `dependency_unavailable` for each statement. */
export function createDatabase({ url, schema, log, max = 10 }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    // Without JIT: statements here take milliseconds and are estimated at far more, and to compile one would take longer than to run it.
    options: `-c search_path=${schema},public -c random_page_cost=${randomPageCost} -c jit=off`,
    application_name: `studio-${schema}`,
    max,
    min: Math.min(2, max),
    connectionTimeoutMillis: limits.connectionTimeoutMillis,
    idleTimeoutMillis: limits.idleTimeoutMillis,
    maxLifetimeSeconds: limits.maxLifetimeSeconds,
    statement_timeout: limits.statementTimeoutMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    keepAlive: true,
    // A statement is sent without waiting for the one before; of a transaction's many short ones the way there and back takes most of the time.
    pipeline: true,
    types: { getTypeParser: typeParser },
  })
  // One in use that breaks says so beside its statements' own failures, at times before whoever waits for it has it in hand.
  pool.on('connect', (client) => client.on('error', () => undefined))
  // An idle connection that breaks is replaced at the next statement: nothing to do but to say so.
  pool.on('error', (error) => log.warn({ error: error.message }, 'a database connection was lost'))

  const queryable = queryableOn(pool)
  return {
    ...queryable,
    schema,
    pool,
    transaction: (work, options = {}) => transaction(pool, work, options),
    ping: async () => void (await queryable.query('ping', 'select 1')),
    close: () => pool.end(),
  }
}

async function transaction<Result>(
  pool: pg.Pool,
  work: (transaction: Transaction) => Promise<Result>,
  options: TransactionOptions,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptTransaction(pool, work, options)
    } catch (error) {
      if (attempt >= attempts || !isRetryable(error)) throw error
      // Whoever collided waits a little and not alike, or they meet again.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** attempt))
    }
  }
}

async function attemptTransaction<Result>(
  pool: pg.Pool,
  work: (transaction: Transaction) => Promise<Result>,
  { isolation = 'read committed', durable = true }: TransactionOptions,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toStudioError(error)
  })
  const { stream } = client.connection
  let isGathering = false
  const goOut = (): void => {
    if (isGathering) stream.uncork()
    isGathering = false
  }
  // The statements of one turn go out in one piece, and wake the database once. It begins with large ones while the next are made.
  const query = (statement: string | pg.QueryConfig): Promise<pg.QueryResult> => {
    if (!isGathering) {
      stream.cork()
      process.nextTick(goOut)
    }
    isGathering = true
    const answer = client.query(statement as pg.QueryConfig)
    if (stream.writableLength > pieceBytes) goOut()
    return answer
  }
  const sent: Promise<pg.QueryResult>[] = []
  const send = (statement: string | pg.QueryConfig): void => {
    const answer = query(statement)
    // Whoever waits for it, or for the commit, hears of it.
    answer.catch(() => undefined)
    sent.push(answer)
  }
  let broken = false
  try {
    send(`begin isolation level ${isolation}`)
    if (!durable) send('set local synchronous_commit = off')
    const result = await work({
      ...queryableOn({ query }),
      send: async (name, text, values = []) => send({ name, text, values: values as unknown[] }),
    })
    send('commit')
    await Promise.all(sent)
    return result
  } catch (error) {
    await client.query('rollback').catch(() => (broken = true))
    throw toStudioError(isAborted(error) ? await firstFailure(sent, error) : error)
  } finally {
    client.release(broken)
  }
}

/** Why a statement was refused that came after one that had failed. */
async function firstFailure(sent: readonly Promise<unknown>[], refusal: unknown): Promise<unknown> {
  const failed = (await Promise.allSettled(sent)).find(({ status }) => status === 'rejected')
  return failed?.status === 'rejected' ? failed.reason : refusal
}

const int8: number = pg.types.builtins.INT8

function typeParser(oid: number, format?: 'text' | 'binary'): unknown {
  return oid === int8 && format !== 'binary' ? safeInteger : pg.types.getTypeParser(oid, format)
}

/** Versions, sizes and sequences stay far below 2^53; a value beyond it must not lose digits silently. */
function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a number`)
  return value
}
