import { jetstream, jetstreamManager, type JetStreamClient, type PubAck } from '@nats-io/jetstream'
import type { Database, Transaction } from '@studio/database'
import { failpoint } from '@studio/kernel'
import { counter, span, type Logger } from '@studio/telemetry'
import type { Bus } from './bus.ts'
import { noteUnsent } from './dead-letters.ts'
import { deleteOldRows, markSent, setAside, takeUnsent, type OutboxRow } from './outbox.ts'
import { backoff, createPause } from './pause.ts'
import { republishLost } from './republish.ts'
import { ensureStreams, eventStream } from './streams.ts'

export interface RelayOptions {
  /** The schema that holds the outbox. */
  database: Database
  bus: Bus
  log: Logger
}

/** Sends what commits left in the outbox. */
export interface Relay {
  /** Call it after a commit that wrote to the outbox: sends at once. Returns at once. */
  poke(): void
  /** Finishes the batch under way; what is left is sent after the next start. */
  close(): Promise<void>
}

const batchSize = 500
const ackTimeoutMs = 5_000
/** The net under `poke`: rows of a process that died before it poked. */
const pollMs = 1_000
const streamCheckMs = 5_000
const cleanUpMs = 60_000

/**
 * Publishes outbox rows to JetStream, each under its id (so that a repeated publish is one message for two minutes), and marks those
 * that were acknowledged, in one transaction: a crash between the two publishes again. Several relays of one outbox share the
 * work. While NATS is away nothing is lost and nobody waits. A stream that was lost or cut is found and filled again from the outbox.
 * A row that NATS refuses for its size is set aside, with a note among the dead letters.
 */
export function startRelay({ database, bus, log }: RelayOptions): Relay {
  const published = counter('studio_events_published_total', 'Outbox rows that JetStream acknowledged.')
  const refused = counter('studio_events_refused_total', 'Outbox rows that are larger than NATS takes.')
  const pause = createPause()
  const delays = backoff(100, 5_000)
  let closed = false
  let streamCheckAt = 0
  let cleanUpAt = Date.now() + cleanUpMs
  const stopListening = bus.onConnected(() => {
    streamCheckAt = 0
    pause.end()
  })

  const publish = async (
    client: JetStreamClient,
    rows: readonly OutboxRow[],
  ): Promise<{ ids: string[]; lastSequence: number; tooLarge: OutboxRow[] }> => {
    const traces = [...new Set(rows.map((row) => /"traceparent":\s?"([^"]+)"/.exec(row.event)?.[1]))]
    return span(
      'publish events',
      { kind: 'producer', parent: traces[0], links: traces.slice(1), attributes: { events: rows.length } },
      async () => {
        const acks = rows.map((row) => client.publish(row.subject, row.event, { msgID: row.id, timeout: ackTimeoutMs }))
        const results = await bus.whileConnected(Promise.allSettled(acks))
        const acknowledged = results.flatMap((result, index) =>
          result.status === 'fulfilled' ? [{ id: rows[index]?.id ?? '', ack: result.value }] : [],
        )
        const tooLarge = rows.filter((_row, index) => isTooLarge(results[index]))
        const failed = results.find((result) => result.status === 'rejected' && !isTooLarge(result))
        if (failed?.status === 'rejected') {
          const reached = acknowledged.length + tooLarge.length
          if (reached === 0) throw failed.reason
          log.error(
            { failed: rows.length - reached, error: String(failed.reason) },
            'events were not taken by JetStream',
          )
        }
        return {
          ids: acknowledged.map(({ id }) => id),
          lastSequence: Math.max(0, ...acknowledged.map(({ ack }: { ack: PubAck }) => ack.seq)),
          tooLarge,
        }
      },
    )
  }

  /** A row that can never be sent must not stay in front of the others. */
  const giveUp = async (rows: readonly OutboxRow[]): Promise<void> => {
    const connection = await bus.connection()
    for (const { id, subject, event } of rows) {
      refused.inc()
      log.error({ event_id: id, subject, bytes: Buffer.byteLength(event) }, 'an event is too large for NATS')
      await bus.whileConnected(noteUnsent(connection, { id, subject }, 'too_large'))
    }
  }

  /** Sends one batch; answers whether there may be more. */
  const sendBatch = (client: JetStreamClient): Promise<boolean> => {
    const send = async (transaction: Transaction): Promise<boolean> => {
      const rows = await takeUnsent(transaction, batchSize)
      if (rows.length === 0) return false
      failpoint('relay.publish.before')
      const { ids, lastSequence, tooLarge } = await publish(client, rows)
      failpoint('relay.publish.after')
      await markSent(transaction, ids, eventStream, lastSequence)
      if (tooLarge.length > 0) {
        await giveUp(tooLarge)
        await setAside(
          transaction,
          tooLarge.map(({ id }) => id),
        )
      }
      published.inc(ids.length)
      return ids.length + tooLarge.length === batchSize
    }
    // Rows that are not known to be sent are sent again. So this waits for no disk, and keeps no commit of an edit waiting for its turn there.
    return database.transaction(send, { durable: false })
  }

  const checkStream = async (): Promise<void> => {
    const manager = await bus.whileConnected(jetstreamManager(await bus.connection()))
    await bus.whileConnected(ensureStreams(manager))
    const count = await bus.whileConnected(republishLost(database, manager))
    if (count > 0) log.warn({ events: count }, 'the event stream was lost: its events are sent again')
    streamCheckAt = Date.now() + streamCheckMs
  }

  const round = async (): Promise<void> => {
    if (!bus.connected()) return
    const client = jetstream(await bus.connection())
    if (Date.now() >= streamCheckAt) await checkStream()
    while (!closed && (await sendBatch(client)));
    if (Date.now() >= cleanUpAt) {
      cleanUpAt = Date.now() + cleanUpMs
      while (!closed && (await deleteOldRows(database)));
    }
  }

  const run = async (): Promise<void> => {
    let failing = false
    while (!closed) {
      try {
        await round()
        failing = false
        delays.reset()
        await pause.wait(pollMs)
      } catch (error) {
        if (closed) return
        // Whatever went wrong may be a stream that is gone.
        streamCheckAt = 0
        if (!failing) log.warn({ error }, 'events could not be sent: they wait in the outbox')
        failing = true
        await pause.wait(delays.next())
      }
    }
  }
  const running = run()

  return {
    poke: () => pause.end(),
    close: async () => {
      closed = true
      stopListening()
      pause.end()
      await running
    },
  }
}

/** JSStreamMessageExceedsMaximumErr: the stream itself has a limit for messages. */
const messageExceedsMaximum = 10054

/** Whether NATS refused the message for its size: the client by the server's max_payload, or the stream. */
function isTooLarge(result: PromiseSettledResult<unknown> | undefined): boolean {
  if (result?.status !== 'rejected') return false
  const { name, message, code } = result.reason as { name?: unknown; message?: unknown; code?: unknown }
  return (name === 'InvalidArgumentError' && String(message).includes('max_payload')) || code === messageExceedsMaximum
}
