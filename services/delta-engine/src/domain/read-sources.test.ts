import type { Blob, SubmitDelta } from '@studio/contracts'
import type { Blobs, DeltaStore } from './ports.ts'
import { readSources } from './read-sources.ts'
import { newSubmission, newWork, type Work } from './work.ts'

test('a change that is too far behind is refused alone, and nothing is read twice for the others', async () => {
  const workOf = (version: number, merges: boolean): Work => {
    const item = { operation: 'update', change: null, from_version: 1, delta_id: null, idempotency_key: null }
    return { ...newWork(newSubmission(item as SubmitDelta)), head: { version } as Blob, merges }
  }
  const ports = { blobs: {} as Blobs, store: {} as DeltaStore }
  expect(await readSources(ports, [workOf(600, true), workOf(1, false)])).toMatchObject([
    { error: { code: 'version_conflict' } },
    { value: { merge: null } },
  ])
})
