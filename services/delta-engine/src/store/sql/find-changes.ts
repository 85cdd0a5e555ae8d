import type { Database } from '@studio/database'
import type { RecordedChange } from '../../domain/ports.ts'

/** What deltas did, by id; those that are not there are left out. */
export function findChanges(database: Database, deltaIds: readonly string[]): Promise<RecordedChange[]> {
  return database.query<RecordedChange>(
    'find-changes',
    'select id, format, patch, original from delta where id = any($1::uuid[])',
    [deltaIds],
  )
}
