import type { SubmitDelta } from '@studio/contracts'
import { newId } from '@studio/kernel'
import type { DeltaStore, PendingDelta } from './ports.ts'
import { unchanged } from './plan-content.ts'
import { newSubmission, newWork } from './work.ts'
import { writePending } from './write-pending.ts'

function workOf(deltaId: string) {
  const item = { operation: 'create', delta_id: deltaId, blob_id: newId(), dry_run: false } as SubmitDelta
  return { ...newWork(newSubmission(item)), plan: unchanged(null) }
}

test('of two works with one id, one has the row: the other must not commit under it', async () => {
  const id = newId()
  const [first, second, other] = [workOf(id), workOf(id), workOf(newId())]
  const store = {
    // As `on conflict do nothing` does.
    insertPending: async (deltas: readonly PendingDelta[]) => new Set(deltas.map((delta) => delta.id)),
  } as DeltaStore
  expect(await writePending(store, [first, second, other])).toEqual([second])
  expect([first, second, other].map(({ submission }) => submission.written)).toEqual([true, false, true])
})
