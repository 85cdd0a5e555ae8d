import {
  jetstream,
  jetstreamManager,
  type JetStreamManager,
  type JsMsg,
  type NextMsgRequest,
  type StoredMsg,
} from '@nats-io/jetstream'
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/nats-core'
import { z } from 'zod'
import type { Bus } from './bus.ts'
import type { OutboxRow } from './outbox.ts'
import { deadStream, deadSubject, ensureStreams, eventStream } from './streams.ts'

/** An event that a consumer could not take, or that NATS did not take from an outbox. */
export interface DeadLetter {
  /** Its place among the dead letters; names it in `replayDeadLetters`. */
  sequence: number
  /** ISO time of its burial. */
  at: string
  /** The consumer; `relay` where the event never got to the stream. */
  durable: string
  subject: string
  /** An error code, what was malformed, or `max_deliveries` where the consumer died over it each time. */
  reason: string
  deliveries: number
  /** The message as it was sent; undefined when the stream no longer has it, or never had it. */
  body: string | undefined
}

const header = { subject: 'Studio-Subject', reason: 'Studio-Reason', deliveries: 'Studio-Deliveries' } as const

/** What the server says when a message was delivered for the last time and nobody answered. */
const Advisory = z.object({
  stream: z.string(),
  consumer: z.string(),
  stream_seq: z.int(),
  deliveries: z.int(),
  timestamp: z.string(),
})

/** Puts a message among the dead letters, once however often it is tried. */
export async function bury(connection: NatsConnection, durable: string, message: JsMsg, reason: string): Promise<void> {
  const msgID = `${durable}:${message.timestampNanos}:${message.seq}`
  const marks = marksOf(message.subject, reason, message.info.deliveryCount)
  await jetstream(connection).publish(deadSubject(durable), message.data, { msgID, headers: marks })
}

/** Notes among the dead letters that NATS does not take an event. The event itself stays in its outbox, and the reason names its row. */
export async function noteUnsent(
  connection: NatsConnection,
  { id, subject }: Pick<OutboxRow, 'id' | 'subject'>,
  reason: string,
): Promise<void> {
  const marks = marksOf(subject, `${reason}: outbox row ${id}`, 0)
  await jetstream(connection).publish(deadSubject('relay'), '', { msgID: `relay:${id}`, headers: marks })
}

function marksOf(subject: string, reason: string, deliveries: number): MsgHdrs {
  const marks = headers()
  marks.set(header.subject, subject)
  marks.set(header.reason, reason.replaceAll(/[\r\n]+/g, ' ').slice(0, 500))
  marks.set(header.deliveries, String(deliveries))
  return marks
}

/** The oldest dead letters, at most `limit` (100). */
export async function listDeadLetters(
  bus: Bus,
  options: { limit?: number; from?: number } = {},
): Promise<DeadLetter[]> {
  const manager = await open(bus)
  const letters: DeadLetter[] = []
  let sequence = options.from ?? 1
  while (letters.length < (options.limit ?? 100)) {
    const next: NextMsgRequest & { seq: number } = { seq: sequence, next_by_subj: '>' }
    const stored = await manager.streams.getMessage(deadStream, next)
    if (stored === null) break
    const letter = await read(manager, stored)
    if (letter) letters.push(letter)
    sequence = stored.seq + 1
  }
  return letters
}

/**
 * Sends the events of these dead letters again under their old subjects, to all consumers (which take an event twice without harm), and
 * takes them off the list. Letters whose event is gone stay. Answers how many were sent.
 */
export async function replayDeadLetters(bus: Bus, options: { sequences: readonly number[] }): Promise<number> {
  const manager = await open(bus)
  const client = jetstream(await bus.connection())
  let sent = 0
  for (const sequence of options.sequences) {
    const stored = await manager.streams.getMessage(deadStream, { seq: sequence })
    const letter = stored && (await read(manager, stored))
    if (!letter || letter.body === undefined) continue
    await client.publish(letter.subject, letter.body, { msgID: `replay:${letter.at}:${sequence}` })
    await manager.streams.deleteMessage(deadStream, sequence)
    sent++
  }
  return sent
}

async function open(bus: Bus): Promise<JetStreamManager> {
  const manager = await jetstreamManager(await bus.connection())
  await ensureStreams(manager)
  return manager
}

async function read(manager: JetStreamManager, stored: StoredMsg): Promise<DeadLetter | undefined> {
  const { seq: sequence, header: marks } = stored
  const at = stored.time.toISOString()
  const [kind, durable = ''] = stored.subject.split('.')
  if (kind === 'dead') {
    const deliveries = Number(marks.get(header.deliveries))
    return {
      sequence,
      at,
      durable,
      subject: marks.get(header.subject),
      reason: marks.get(header.reason),
      deliveries,
      body: stored.data.length > 0 ? stored.string() : undefined,
    }
  }
  const advisory = Advisory.safeParse(JSON.parse(stored.string()))
  if (!advisory.success) return undefined
  const { consumer, stream_seq, deliveries, timestamp } = advisory.data
  const original = await manager.streams.getMessage(eventStream, { seq: stream_seq })
  // In a stream that was made anew another message may stand under that number.
  const same = original !== null && original.time <= new Date(timestamp)
  return {
    sequence,
    at,
    durable: consumer,
    subject: same ? original.subject : '',
    reason: 'max_deliveries',
    deliveries,
    body: same ? original.string() : undefined,
  }
}
