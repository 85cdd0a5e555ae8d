import type { JetStreamManager } from '@nats-io/jetstream'
import type { Database, Queryable } from '@studio/database'
import { eventStream } from './streams.ts'

interface KnownStream {
  created: Date
  last_sequence: number
}

/**
 * Marks all kept rows of the outbox as unsent when the stream is not the one that they were sent to: JetStream acknowledges before it has
 * synced, so a power cut can take the end of a stream or all of it. Answers how many. Found by three signs: the stream's time
 * of creation changed, its last sequence went back, or the message at our last sequence is not ours.
 */
export async function republishLost(database: Database, manager: JetStreamManager): Promise<number> {
  const { created, state } = await manager.streams.info(eventStream)
  const now = { created: new Date(created), last_sequence: state.last_seq }
  const known = await readKnown(database)
  if (known && sameStream(known, now) && (await lastIsOurs(database, manager, known.last_sequence, state.first_seq)))
    return 0
  return database.transaction(async (transaction) => {
    // Of several relays that see it one does it; the others then find what it noted.
    await transaction.execute(
      'outbox-stream-insert',
      `insert into outbox_stream (stream, created, last_sequence) values ($1, 'epoch', 0) on conflict do nothing`,
      [eventStream],
    )
    const current = await readKnown(transaction, 'for update')
    if (current?.created.getTime() !== known?.created.getTime() && current && sameStream(current, now)) return 0
    await transaction.execute('outbox-unhurried', 'set local statement_timeout = 0')
    const unsent = await transaction.execute(
      'outbox-unmark',
      'update outbox set sent_at = null where sent_at is not null',
    )
    await transaction.execute(
      'outbox-stream-note',
      'update outbox_stream set created = $2, last_sequence = 0 where stream = $1',
      [eventStream, now.created],
    )
    return unsent
  })
}

async function readKnown(queryable: Queryable, lock: '' | 'for update' = ''): Promise<KnownStream | undefined> {
  const [row] = await queryable.query<KnownStream>(
    `outbox-stream-read ${lock}`,
    `select created, last_sequence from outbox_stream where stream = $1 ${lock}`,
    [eventStream],
  )
  return row
}

function sameStream(known: KnownStream, now: KnownStream): boolean {
  return known.created.getTime() === now.created.getTime() && known.last_sequence <= now.last_sequence
}

/** A cut stream may have grown past our last sequence again by what others sent: then another's message stands there. */
async function lastIsOurs(
  database: Queryable,
  manager: JetStreamManager,
  sequence: number,
  firstSequence: number,
): Promise<boolean> {
  // Nothing sent yet, or the stream let it go because of its age.
  if (sequence === 0 || sequence < firstSequence) return true
  const message = await manager.streams.getMessage(eventStream, { seq: sequence })
  const id = message?.header.get('Nats-Msg-Id')
  if (!id) return true
  return (await database.query('outbox-find', 'select 1 from outbox where id::text = $1', [id])).length > 0
}
