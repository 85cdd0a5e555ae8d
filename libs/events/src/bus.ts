import type { NatsConnection } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import type { Logger } from '@studio/telemetry'
import { backoff, createPause } from './pause.ts'

export interface BusOptions {
  /** nats://[user:password@]host:port */
  url: string
  /** Shown by the server for this connection. */
  name: string
  log: Logger
}

/** A process's connection to NATS. NATS may be away at any time, at the start too: nothing of a request may wait for it. */
export interface Bus {
  /** The connection; waits for the first one. Throws when the bus is closed. */
  connection(): Promise<NatsConnection>
  /** Whether NATS answers at this moment. */
  connected(): boolean
  /** Calls the listener after each connect and reconnect, until the returned function is called. */
  onConnected(listener: () => void): () => void
  /** The outcome of a request over the connection; fails at once when the connection breaks, since the answer can no longer come. */
  whileConnected<Result>(request: Promise<Result>): Promise<Result>
  /** For readiness: `degraded` while NATS is away, since the outbox keeps what is to be sent. */
  ping(): Promise<void | 'degraded'>
  close(): Promise<void>
}

/** Opens the bus; returns at once, connects in the background and for ever again. */
export function openBus({ url, name, log }: BusOptions): Bus {
  const { host, username, password } = new URL(url)
  const first = Promise.withResolvers<NatsConnection>()
  // Whoever waits hears of a close; where nobody waits it is no fault.
  first.promise.catch(() => undefined)
  const listeners = new Set<() => void>()
  const pending = new Set<(error: Error) => void>()
  const pause = createPause()
  let connection: NatsConnection | undefined
  let connected = false
  let closed = false

  const announce = (): void => {
    connected = true
    log.info({ nats: host }, 'connected to NATS')
    for (const listener of listeners) listener()
  }

  const watch = async (of: NatsConnection): Promise<void> => {
    for await (const status of of.status()) {
      if (status.type === 'reconnect') announce()
      else if (status.type === 'disconnect' || status.type === 'staleConnection') {
        if (connected && !closed) log.warn({ nats: host }, 'NATS is away: events wait in the outbox')
        connected = false
        for (const fail of pending) fail(new Error('the connection to NATS broke'))
      }
    }
  }

  const open = async (): Promise<void> => {
    const delays = backoff(200, 2000)
    for (let attempt = 1; !closed; attempt++) {
      try {
        const made = await connect({
          servers: host,
          name,
          ...(username && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
          timeout: 3000,
          maxReconnectAttempts: -1,
          reconnectTimeWait: 300,
          reconnectJitter: 300,
          pingInterval: 10_000,
        })
        if (closed) return void (await made.close())
        connection = made
        void watch(made)
        first.resolve(made)
        announce()
        return
      } catch (error) {
        if (attempt === 1) log.warn({ nats: host, error: String(error) }, 'NATS does not answer: trying on')
        if (!closed) await pause.wait(delays.next())
      }
    }
  }
  const opened = open()

  return {
    connection: () => first.promise,
    connected: () => connected,
    onConnected: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    whileConnected: async (request) => {
      const broken = Promise.withResolvers<never>()
      pending.add(broken.reject)
      try {
        return await Promise.race([request, broken.promise])
      } finally {
        pending.delete(broken.reject)
      }
    },
    ping: async () => {
      if (!connected || connection === undefined) return 'degraded'
      try {
        await connection.flush()
      } catch {
        return 'degraded'
      }
    },
    close: async () => {
      closed = true
      pause.end()
      first.reject(new Error('the bus is closed'))
      await opened
      await connection?.close()
    },
  }
}
