import { prismaAdapter, type Database } from '@studio/database'
import type { DeltaStore } from '../domain/ports.ts'
import { PrismaClient } from '../generated/client.ts'
import { createDeltaReader, type DeltaReader } from './delta-reader.ts'
import { eraseDeltas, type EraseScope } from './sql/erase-deltas.ts'
import { endDeltas } from './sql/end-deltas.ts'
import { findChanges } from './sql/find-changes.ts'
import { findRecorded, findRequests } from './sql/find-recorded.ts'
import { insertApplied } from './sql/insert-applied.ts'
import { insertPending } from './sql/insert-pending.ts'
import { listPending } from './sql/list-pending.ts'
import { rebasePending } from './sql/rebase-pending.ts'
import { moveCursor, readCursor } from './sql/sweep-cursor.ts'

export interface Store extends DeltaStore {
  readonly reader: DeltaReader
  /** Answers how many of the deltas are not recorded yet. */
  eraseDeltas(scope: EraseScope, secret: Buffer): Promise<number>
  close(): Promise<void>
}

/** The rows of the delta engine. `onTold` is called after each statement that put something into the outbox. */
export function createStore(database: Database, onTold: () => void): Store {
  const prisma = new PrismaClient({ adapter: prismaAdapter(database) })
  const told = async (changes: Promise<number>): Promise<number> => {
    const changed = await changes
    if (changed > 0) onTold()
    return changed
  }
  return {
    insertPending: (deltas) => insertPending(database, deltas),
    rebasePending: (deltas) => rebasePending(database, deltas),
    endDeltas: (ends) => told(endDeltas(database, ends)),
    insertApplied: (deltas) => told(insertApplied(database, deltas)),
    findRequests: (requests) => findRequests(database, requests),
    findChanges: (deltaIds, bytes) => findChanges(database, deltaIds, bytes),
    findRecorded: (deltaId) => findRecorded(database, deltaId),
    listPending: (ageMs, limit) => listPending(database, ageMs, limit),
    readCursor: () => readCursor(database),
    eraseDeltas: (scope, secret) => eraseDeltas(database, scope, secret),
    moveCursor: (until) => moveCursor(database, until),
    reader: createDeltaReader(database, prisma),
    close: () => prisma.$disconnect(),
  }
}
