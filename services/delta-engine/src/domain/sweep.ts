import { StudioError, toProblem } from '@studio/kernel'
import type { Transform } from '@studio/contracts'
import type { AppliedDelta, Blobs, DeltaEnd, DeltaStore, Events } from './ports.ts'

export interface SweepPorts {
  readonly blobs: Blobs
  readonly store: DeltaStore
  readonly events: Events
  /** Pending deltas older than this are settled. */
  readonly pendingMs: number
}

const page = 500

// A commit gets its time when its statement begins and is seen when it ends, at most 30 s later (the statement timeout): a window that ends
// this long ago holds all that it will ever hold.
const transformLagMs = 60_000

/**
 * Mends what a crash left: pending deltas are settled with blob (applied, or refused for ever), and providers' commits get the rows that
 * are missing. Every step may run twice or in two processes at a time: it changes only what is still to be changed.
 */
export async function sweep(ports: SweepPorts): Promise<void> {
  const counts = { applied: 0, refused: 0, restored: 0 }
  await settlePending(ports, counts)
  counts.restored = await restoreTransforms(ports)
  if (counts.applied + counts.refused + counts.restored > 0) ports.events.swept(counts)
}

async function settlePending(
  { blobs, store, pendingMs }: SweepPorts,
  counts: { applied: number; refused: number },
): Promise<void> {
  for (;;) {
    const pending = await store.listPending(pendingMs, page)
    if (pending.length === 0) return
    const outcomes = await blobs.settle(
      pending.map(({ id }) => id),
      true,
    )
    const committed: DeltaEnd[] = []
    const refused: DeltaEnd[] = []
    for (const { delta_id: id, status, version } of outcomes) {
      if (status === 'committed') committed.push({ id, to_version: version, size: null, error: null })
      else if (status === 'refused') refused.push({ id, to_version: null, size: null, error: refusal() })
    }
    const applied = await store.endDeltas(committed)
    const failed = await store.endDeltas(refused)
    counts.applied += applied
    counts.refused += failed
    if (pending.length < page || applied + failed === 0) return
  }
}

const refusal = () =>
  toProblem(
    new StudioError(
      'delta_refused',
      'The change was interrupted before it was committed; send it again (under another delta id, if it had one of its own).',
    ),
  )

async function restoreTransforms({ blobs, store }: SweepPorts): Promise<number> {
  const { until: since, now } = await store.readCursor()
  const until = new Date(now.getTime() - transformLagMs)
  if (until <= since) return 0
  let restored = 0
  let after: string | undefined
  for (;;) {
    const transforms = await blobs.transforms({ since, until }, after, page)
    restored += await store.insertApplied(transforms.map(appliedOf))
    after = transforms.at(-1)?.version_id
    if (transforms.length < page) break
  }
  await store.moveCursor(until)
  return restored
}

function appliedOf(transform: Transform): AppliedDelta {
  const {
    delta_id: id,
    tenant_id,
    blob_id,
    user_id,
    operation,
    content_hash,
    content_type,
    size,
    caused_by,
    created_at,
  } = transform
  const format = operation === 'delete' ? 'none' : 'replace'
  return {
    id,
    tenant_id,
    blob_id,
    user_id,
    operation,
    format,
    content_hash,
    content_type,
    size,
    caused_by,
    created_at,
    provider_id: transform.created_by,
    to_version: transform.version,
    purged: transform.purged ?? false,
  }
}
