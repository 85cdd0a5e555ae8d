import pg from 'pg'

/** Reads a database on a connection of its own, in one transaction that sees one moment and can write nothing. */
export async function withSnapshot<Result>(
  databaseUrl: string,
  read: (client: pg.Client, asOf: Date) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'studio-verify' })
  // A connection that breaks is told by the query that waits for it; without a listener it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query('begin transaction isolation level repeatable read read only')
    const { rows } = await client.query<{ as_of: Date }>('select now() as as_of')
    return await read(client, rows[0]?.as_of ?? new Date())
  } finally {
    await client.end()
  }
}
