import type { Queryable } from '@studio/database'

export interface OutboxRow {
  id: string
  subject: string
  /** The CloudEvent, as JSON text. */
  event: string
}

/** Unsent rows in the order of their writing; rows that another relay has in hand are skipped, and these are locked. */
export function takeUnsent(transaction: Queryable, limit: number): Promise<OutboxRow[]> {
  return transaction.query<OutboxRow>(
    'outbox-take',
    `select id, subject, event::text as event from outbox where sent_at is null order by sequence limit $1 for update skip locked`,
    [limit],
  )
}

/** Marks rows as sent, and remembers the last sequence that the stream gave us. */
export async function markSent(
  transaction: Queryable,
  ids: readonly string[],
  stream: string,
  lastSequence: number,
): Promise<void> {
  await transaction.execute(
    'outbox-mark',
    `with marked as (update outbox set sent_at = now() where id = any($1::uuid[]))
     update outbox_stream set last_sequence = greatest(last_sequence, $3::bigint) where stream = $2`,
    [ids, stream, lastSequence],
  )
}

/** Marks rows as ones that can't be sent. They are not taken again, and stay: a stream that is made anew may take larger messages. */
export async function setAside(transaction: Queryable, ids: readonly string[]): Promise<void> {
  await transaction.execute('outbox-set-aside', `update outbox set sent_at = 'infinity' where id = any($1::uuid[])`, [
    ids,
  ])
}

const deleteLimit = 1000

/** Deletes some of the rows that were sent more than a day ago; answers whether there may be more. */
export async function deleteOldRows(database: Queryable): Promise<boolean> {
  const deleted = await database.execute(
    'outbox-delete-old',
    `delete from outbox where id in (
       select id from outbox where created_at < now() - interval '24 hours' and sent_at < now() - interval '24 hours'
       order by created_at limit $1 for update skip locked)`,
    [deleteLimit],
  )
  return deleted === deleteLimit
}
