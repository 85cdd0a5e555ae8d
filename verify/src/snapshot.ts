import type { ClientBase, QueryResultRow } from 'pg'

/** Reads of one transaction: all see the database as it was when the transaction began. */
export interface Snapshot {
  rows<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  /** The rows of a query of any size, `page` of them in memory at a time. */
  stream<Row extends QueryResultRow>(text: string, values: unknown[], page: number): AsyncGenerator<Row, void>
}

/** Reads on a client that stands in a transaction (REPEATABLE READ, or what it reads is not of one moment). */
export function createSnapshot(client: ClientBase): Snapshot {
  let cursors = 0
  return {
    rows: async <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    stream: async function* <Row extends QueryResultRow>(text: string, values: unknown[], page: number) {
      const name = `verify_${++cursors}`
      await client.query(`declare ${name} no scroll cursor for ${text}`, values)
      try {
        for (;;) {
          const { rows } = await client.query<Row>(`fetch ${page} from ${name}`)
          yield* rows
          if (rows.length < page) break
        }
      } finally {
        await client.query(`close ${name}`)
      }
    },
  }
}
