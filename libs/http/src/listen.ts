import type { Logger } from '@studio/telemetry'
import type { Express } from 'express'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RunningServer {
  readonly port: number
  /** http://host:port */
  readonly url: string
  /** Takes no more connections, finishes what is in flight, and cuts off what takes longer than the deadline. */
  close(deadlineMs?: number): Promise<void>
}

/** The address is held by another process, or is not ours to take: a fault of the set-up, told in one line. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** Serves the app. Port 0 takes a free one. Throws ListenError when the port is taken. */
export async function listen(
  app: Express,
  options: { host: string; port: number; log: Logger },
): Promise<RunningServer> {
  const server = createServer(app)
  // Longer than the client keeps a connection, or it would now and then write into one that is just being closed.
  server.keepAliveTimeout = 65_000
  server.headersTimeout = 70_000
  // Requests that wait (long polls) and slow uploads end by their own limits.
  server.requestTimeout = 300_000
  server.maxConnections = 10_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, options)))
    server.listen(options.port, options.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  options.log.info({ host: options.host, port }, 'listening')
  const closeServer = (deadlineMs: number): Promise<void> =>
    new Promise((resolve) => {
      const cutOff = setTimeout(() => server.closeAllConnections(), deadlineMs)
      // A kept connection gets idle when its last answer is out, and would otherwise hold the server until the deadline.
      const sweep = setInterval(() => server.closeIdleConnections(), 20)
      server.close(() => {
        clearTimeout(cutOff)
        clearInterval(sweep)
        resolve()
      })
      server.closeIdleConnections()
    })
  let closing: Promise<void> | undefined
  return {
    port,
    url: `http://${options.host}:${port}`,
    close: (deadlineMs = 8000) => (closing ??= closeServer(deadlineMs)),
  }
}

function listenError(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): Error {
  if (error.code === 'EADDRINUSE')
    return new ListenError(`port ${port} of ${host} is taken by another process`, { cause: error })
  if (error.code === 'EACCES')
    return new ListenError(`port ${port} of ${host} may not be used by this user`, { cause: error })
  if (error.code === 'EADDRNOTAVAIL')
    return new ListenError(`${host} is not an address of this machine`, { cause: error })
  return error
}
