import { randomUUID } from 'node:crypto'
import { type DatabaseService, newSecrets } from '@studio/supervisor'
import pg from 'pg'
import { remove, throwawayFolder } from './folder.ts'
import { migrate } from './migrations.ts'
import { createProcesses } from './processes/backend.ts'

/** A database of its own on a server that is shared. `drop` closes whatever is still connected to it. */
export type TestDatabase = { url: string; drop(): Promise<void> }

type Server = { url: string; release(): Promise<void> }

let own: { server: Promise<Server>; users: number } | undefined

/** The server of the jest run (jest/engine-host.ts); outside of jest one of this process, there while it is used. */
async function server(): Promise<Server> {
  const host = process.env['STUDIO_TEST_ENGINES']
  if (!host) {
    own ??= { server: startServer(), users: 0 }
    own.users++
    return own.server
  }
  const response = await fetch(host)
  const answer = await response.text()
  if (!response.ok) throw new Error(`PostgreSQL did not start: ${answer}`)
  return { url: answer, release: () => Promise.resolve() }
}

async function startServer(): Promise<Server> {
  const folder = await throwawayFolder()
  const backend = await createProcesses({ services: new Map(), folder, secrets: newSecrets() })
  await backend.startEngine('postgres')
  const release = async () => {
    if (!own || --own.users > 0) return
    own = undefined
    await backend.stop()
    await remove(folder)
  }
  return { url: backend.outside.databaseUrl, release }
}

/** An empty database. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const { url, release } = await server()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await administer(url, `create database ${name}`)
  const address = new URL(url)
  address.pathname = `/${name}`
  return {
    url: address.href,
    drop: async () => {
      await administer(url, `drop database if exists ${name} with (force)`)
      await release()
    },
  }
}

/** A database with the tables of these services, each in its own schema as in a studio. */
export async function migratedDatabase(...services: DatabaseService[]): Promise<TestDatabase> {
  const database = await emptyDatabase()
  await migrate(database.url, services).catch(async (error) => {
    await database.drop()
    throw error
  })
  return database
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
