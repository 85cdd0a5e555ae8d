import type { Blob, SubmitDelta } from '@studio/contracts'
import { sha256 } from '@studio/kernel'
import type { ContentReference, PendingDelta, PlannedCommit } from './ports.ts'
import { submitEach } from './submit-each.ts'
import { newSubmission, type SubmitPorts } from './work.ts'

/** One blob whose changes append a letter; `beforeCommit` may write to it as somebody else would. */
function oneBlob(beforeCommit: (write: (text: string) => void) => void) {
  const head = { version: 1, version_id: 'made', created_by: 'user', conflict_policy: 'reject', deleted_at: null }
  let text = ''
  let version = 1
  const write = (next: string): void => {
    text = next
    version += 1
  }
  const ports = {
    store: {
      insertPending: async (deltas: readonly PendingDelta[]) => new Set(deltas.map(({ id }) => id)),
      rebasePending: async () => undefined,
    },
    recorder: { end: () => undefined },
    events: { fault: () => undefined },
    blobs: {
      heads: async (references: readonly unknown[]) =>
        references.map(() => ({ ...head, version, content_hash: sha256(text), content_type: 'text/plain', size: 1 })),
      contents: async (references: readonly ContentReference[]) => references.map(() => Buffer.from(text)),
      commit: async (commits: readonly PlannedCommit[]) => {
        beforeCommit(write)
        return commits.map(({ from_version, from_hash, content }) => {
          if (from_version !== version || (from_hash !== null && from_hash !== sha256(text)))
            return { value: { status: 'conflict', head_version: version } }
          write(content && 'bytes' in content ? Buffer.from(content.bytes).toString() : text)
          return { value: { status: 'committed', version, blob: { version, size: text.length } } }
        })
      },
    },
    planner: {
      plan: async ({ metadata }: SubmitDelta, on: Blob, { base }: { base: Buffer }) => {
        const bytes = Buffer.concat([base, Buffer.from(JSON.stringify(metadata?.['letter']))])
        return { content: { bytes }, content_hash: sha256(bytes), content_type: on.content_type, size: bytes.length }
      },
    },
  } as unknown as SubmitPorts
  return { ports, read: () => text }
}

const append = (letter: string) =>
  ({
    tenant_id: 'tenant',
    blob_id: 'blob',
    operation: 'update',
    change: { format: 'text', patch: '' },
    metadata: { letter },
    from_version: null,
    delta_id: null,
    idempotency_key: null,
    dry_run: false,
  }) as unknown as SubmitDelta

test('what was planned on a version that somebody else made otherwise is planned anew, in its order', async () => {
  const texts = ['x']
  const { ports, read } = oneBlob((write) => {
    for (const text of texts.splice(0)) write(text)
  })
  const results = await submitEach(ports, ['a', 'b', 'c'].map(append).map(newSubmission))
  expect(results).toMatchObject([3, 4, 5].map((version) => ({ outcome: { status: 'applied', blob: { version } } })))
  expect(read()).toBe('x"a""b""c"')
})

test('who loses again and again is told', async () => {
  const { ports } = oneBlob((write) => write('theirs'))
  const results = await submitEach(ports, ['a', 'b'].map(append).map(newSubmission))
  expect(results).toMatchObject(
    Array(2).fill({ outcome: { status: 'failed', problem: { code: 'version_conflict', current_version: 6 } } }),
  )
})
