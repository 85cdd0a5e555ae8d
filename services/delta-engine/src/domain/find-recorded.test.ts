import type { SubmitDelta } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { findRecorded } from './find-recorded.ts'
import type { DeltaStore, RecordedDelta } from './ports.ts'
import { newSubmission } from './work.ts'

test('what failed has given its key back: another delta that holds it now is found by it', async () => {
  const tenant_id = newId()
  const submissionOf = () =>
    newSubmission({ tenant_id, operation: 'delete', delta_id: newId(), idempotency_key: 'key' } as SubmitDelta)
  const [first, second] = [submissionOf(), submissionOf()]
  const recorded = [
    { ...second, id: second.delta_id, tenant_id, status: 'applied' },
    { ...first, id: first.delta_id, tenant_id, status: 'failed' },
  ] as unknown as RecordedDelta[]
  const store = { findRequests: async () => recorded } as unknown as DeltaStore
  expect(await findRecorded(store, [second])).toEqual([recorded[0]])
})
