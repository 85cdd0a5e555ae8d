import type { SubmitDelta } from '@studio/contracts'
import { canonicalJson, newId, sha256 } from '@studio/kernel'
import type { RecordedDelta, RequestIdentity } from './ports.ts'
import { requestHash } from './request-hash.ts'
import { submitAtomically } from './submit-atomically.ts'
import { submitEach } from './submit-each.ts'
import { newSubmission, type Submission, type SubmitPorts } from './work.ts'

/**
 * A studio where another process makes the same request between the look for earlier ones and the look at the head: the head is what that
 * one made, which stands against the condition of the second.
 */
function overtaken(submission: () => Submission) {
  const blob = { version: 2, version_id: newId(), created_by: 'user', created_at: '', deleted_at: null }
  let looks = 0
  const recorded = (): RecordedDelta => ({
    id: newId(),
    tenant_id: 'tenant',
    blob_id: 'blob',
    idempotency_key: submission().idempotency_key,
    merged: false,
    request_hash: submission().request_hash,
    status: 'applied',
    to_version: 2,
    error: null,
  })
  return {
    store: {
      findRequests: async (_requests: readonly RequestIdentity[]) => (looks++ === 0 ? [] : [recorded()]),
    },
    recorder: { end: () => undefined },
    events: { applied: () => undefined, failed: () => undefined, fault: () => undefined },
    blobs: {
      heads: async (references: readonly unknown[]) => references.map(() => blob),
      versions: async (references: readonly unknown[]) => references.map(() => blob),
    },
  } as unknown as SubmitPorts
}

const item = {
  tenant_id: 'tenant',
  blob_id: 'blob',
  operation: 'delete',
  change: null,
  from_version: 1,
  expected: 'if_match',
  delta_id: null,
  idempotency_key: 'once',
  dry_run: false,
} as unknown as SubmitDelta

test('a request that was made meanwhile is answered as it was, and not by what it made', async () => {
  const submission = newSubmission(item)
  const [result] = await submitEach(
    overtaken(() => submission),
    [submission],
  )
  expect(result).toMatchObject({ recorded: { to_version: 2 } })
})

test('and so is a list', async () => {
  // One hash for all of it.
  const request_hash = sha256(canonicalJson([requestHash({ ...item, idempotency_key: null })]))
  const outcome = await submitAtomically(
    overtaken(() => ({ ...newSubmission(item), request_hash })),
    { items: [item], idempotency_key: 'once', dry_run: false },
  )
  expect(outcome).toMatchObject({ status: 'done', items: [{ status: 'applied', blob: { version: 2 } }] })
})
