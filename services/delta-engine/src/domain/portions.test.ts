import type { AtomicOutcome, Blob, CommitOutcome, SubmitDelta } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { unchanged } from './plan-content.ts'
import type { ContentReference, PendingDelta } from './ports.ts'
import { submitAtomically } from './submit-atomically.ts'
import { submitEach } from './submit-each.ts'
import { newSubmission, type SubmitPorts } from './work.ts'

const size = 16 * 2 ** 20
const limit = 32 * 2 ** 20

/** Blobs with 16 MiB each, of which it is noted how much is held: read, and not planned yet. */
function portsOf(): { ports: SubmitPorts; most: () => number } {
  let held = 0
  let most = 0
  const ports = {
    store: { insertPending: async (deltas: readonly PendingDelta[]) => new Set(deltas.map(({ id }) => id)) },
    recorder: { end: () => undefined },
    events: { applied: () => undefined, failed: () => undefined, fault: () => undefined },
    blobs: {
      heads: async (references: readonly unknown[]) =>
        references.map((): Partial<Blob> => ({
          version: 1,
          created_by: 'user',
          deleted_at: null,
          content_type: 'application/json',
          content_hash: newId(),
          size,
        })),
      contents: async (references: readonly ContentReference[]) => {
        for (const reference of references) held += reference.size ?? 0
        most = Math.max(most, held)
        return references.map(() => Buffer.from('{}'))
      },
      commit: async (commits: readonly unknown[]) =>
        commits.map((): { value: CommitOutcome } => ({ value: { status: 'missing' } })),
      commitAtomically: async (): Promise<AtomicOutcome> => ({
        status: 'refused',
        position: 0,
        outcome: { status: 'missing' },
      }),
    },
    planner: {
      plan: async (_item: SubmitDelta, head: Blob | null) => {
        held -= size
        return unchanged(head)
      },
    },
  } as unknown as SubmitPorts
  return { ports, most: () => most }
}

const changes = Array.from(
  { length: 20 },
  () =>
    ({
      blob_id: newId(),
      operation: 'update',
      change: { format: 'merge-patch', patch: '{}' },
      delta_id: null,
      idempotency_key: null,
      dry_run: false,
      from_version: null,
    }) as SubmitDelta,
)
const missing = { status: 'failed', problem: { code: 'blob_not_found' } }

test('small changes of large contents hold few of them at a time, each on its own', async () => {
  const { ports, most } = portsOf()
  const results = await submitEach(ports, changes.map(newSubmission))
  expect(results).toMatchObject(Array(changes.length).fill({ outcome: missing }))
  expect([size, limit]).toContain(most())
})

test('and so all or none', async () => {
  const { ports, most } = portsOf()
  expect(await submitAtomically(ports, { items: changes, idempotency_key: null, dry_run: false })).toMatchObject(
    missing,
  )
  expect([size, limit]).toContain(most())
})
