import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import type { Part } from './part.ts'

/**
 * The same parts, their ports held from now on until each part starts: another studio that starts at the same time sees them
 * taken and chooses others. A port that somebody has got hold of meanwhile is left to the part, which will say so.
 */
export async function reservePorts(parts: readonly Part[]): Promise<Part[]> {
  return Promise.all(
    parts.map(async (part) => {
      if (part.kind !== 'process') return part
      let held = await hold(part.port)
      const prepare = async (): Promise<void> => {
        const server = held
        held = undefined
        if (server) await new Promise((closed) => server.close(closed))
        await part.prepare?.()
      }
      return { ...part, prepare }
    }),
  )
}

async function hold(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy())
  try {
    await once(server.listen({ port, host: '127.0.0.1', exclusive: true }).unref(), 'listening')
    return server
  } catch {
    return undefined
  }
}
