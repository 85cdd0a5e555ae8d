import { connect } from 'node:net'
import { Connection } from '@temporalio/client'
import pg from 'pg'

// A listening port is not an answer: a port mapped by Docker listens before its container does.

/** Rejects where PostgreSQL does not answer a query within 5 s. */
export async function databaseAnswers(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000, query_timeout: 5000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Rejects where no NATS server introduces itself within 5 s. */
export async function natsAnswers(natsUrl: string): Promise<void> {
  const { hostname, port } = new URL(natsUrl)
  const socket = connect({ host: hostname, port: Number(port), timeout: 5000 })
  const silent = new Error(`no NATS server introduced itself at ${natsUrl}`)
  try {
    const greeting = await new Promise<Buffer>((resolve, reject) => {
      socket.once('data', resolve).once('error', reject)
      socket.once('close', () => reject(silent)).once('timeout', () => reject(silent))
    })
    if (!greeting.toString().startsWith('INFO ')) throw silent
  } finally {
    socket.destroy()
  }
}

/** Rejects where Temporal's default namespace does not answer within 5 s. */
export async function temporalAnswers(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '5s' })
  try {
    await connection.withDeadline(Date.now() + 5000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    )
  } finally {
    await connection.close()
  }
}
