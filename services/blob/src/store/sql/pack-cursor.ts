import type { Database } from '@studio/database'

/**
 * Hands the packer's place to `work`, a version id, and keeps the one that it answers. False where another process holds it. It may be
 * lost while `work` goes on, and `work` be done twice.
 */
export function movePackCursor(database: Database, work: (after: string) => Promise<string>): Promise<boolean> {
  return database.transaction(async (transaction) => {
    const [cursor] = await transaction.query<{ version_id: string }>(
      'lock-pack-cursor',
      'select version_id from pack_cursor for update skip locked',
    )
    if (!cursor) return false
    const last = await work(cursor.version_id)
    if (last !== cursor.version_id)
      await transaction.execute('move-pack-cursor', 'update pack_cursor set version_id = $1', [last])
    return true
  })
}
