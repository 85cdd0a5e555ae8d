import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newSecrets } from '@studio/supervisor'
import { remove, throwawayFolder } from '../folder.ts'
import type { Backend } from '../backend.ts'
import { createProcesses } from '../processes/backend.ts'

export type EngineHost = { url: string; close(): Promise<void> }

/**
 * One PostgreSQL server for all test files of a jest run, started when the first of them asks. It lives in jest's parent
 * process and dies with it, whatever that dies of; each file makes databases of its own on it. Asked by an HTTP request,
 * since test files run in other processes.
 */
export async function startEngineHost(): Promise<EngineHost> {
  const folder = await throwawayFolder()
  let backend: Promise<Backend> | undefined
  const start = async () => {
    const made = await createProcesses({ services: new Map(), folder, secrets: newSecrets() })
    await made.startEngine('postgres')
    return made
  }

  const server = createServer((_, response) => {
    backend ??= start()
    backend.then(
      ({ outside }) => response.end(outside.databaseUrl),
      (error: Error) => response.writeHead(500).end(error.message),
    )
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await (await backend?.catch(() => undefined))?.stop()
      await remove(folder)
    },
  }
}
