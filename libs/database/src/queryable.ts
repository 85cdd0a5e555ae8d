import type pg from 'pg'
import { toStudioError } from './errors.ts'

export type Row = Record<string, unknown>

export interface TransactionOptions {
  /** Whether its commit waits until it would outlive a crash of the database; else one that is lost with that (the newest fraction of a second) must do no harm. */
  durable?: boolean
  isolation?: 'read committed' | 'repeatable read' | 'serializable'
}

/** What answers statements: the pool, or one connection inside a transaction. */
export interface Queryable {
  /**
   * The rows of a statement. It is prepared under `name` once a connection, so one name always stands for one text. `bigint` columns
   * are numbers, `timestamptz` columns are Dates, JSON columns are parsed.
   */
  query<Result extends object = Row>(name: string, text: string, values?: readonly unknown[]): Promise<Result[]>
  /** How many rows a statement changed. */
  execute(name: string, text: string, values?: readonly unknown[]): Promise<number>
}

/** One connection, in a transaction: its statements run one after another, each sees what those before it did. */
export interface Transaction extends Queryable {
  /**
   * Sends a statement of which no answer is needed and does not wait for it, so that it travels with what comes next, the commit at the latest. Where it fails the whole
   * transaction fails, with its error.
   */
  send(name: string, text: string, values?: readonly unknown[]): Promise<void>
}

interface Runner {
  query(statement: pg.QueryConfig): Promise<pg.QueryResult>
}

export function queryableOn(runner: Runner): Queryable {
  const run = async (name: string, text: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
    try {
      return await runner.query({ name, text, values: values as unknown[] })
    } catch (error) {
      throw toStudioError(error)
    }
  }
  return {
    query: async <Result extends object>(name: string, text: string, values: readonly unknown[] = []) =>
      (await run(name, text, values)).rows as Result[],
    execute: async (name, text, values = []) => (await run(name, text, values)).rowCount ?? 0,
  }
}
