import { setTimeout as pause } from 'node:timers/promises'
import { StudioError, toProblem } from '@studio/kernel'
import type { Blob, SubmitOutcome, Version } from '@studio/contracts'
import type { Blobs, DeltaStore, RecordedDelta } from './ports.ts'

const patienceMs = 5_000

/**
 * The outcome of an earlier delta, answered as it was then. While that one is on its way, blob is asked whether it is committed; where it stays
 * unknown for 5 s the answer is the problem `timeout`: the sweeper settles it, and the request may be sent again.
 */
export async function awaitRecorded(
  ports: { readonly blobs: Blobs; readonly store: DeltaStore },
  recorded: RecordedDelta,
): Promise<SubmitOutcome> {
  const deadline = performance.now() + patienceMs
  let delta: RecordedDelta | undefined = recorded
  for (let waitMs = 10; delta !== undefined && performance.now() < deadline; waitMs = Math.min(2 * waitMs, 250)) {
    if (delta.status === 'failed' && delta.error !== null) return { status: 'failed', problem: delta.error }
    const version: number | null = delta.to_version ?? (await committedVersion(ports.blobs, delta.id))
    if (version !== null)
      return {
        status: 'applied',
        delta_id: delta.id,
        merged: delta.merged,
        blob: await blobAt(ports.blobs, delta, version),
      }
    await pause(waitMs)
    delta = await ports.store.findRecorded(delta.id)
  }
  return {
    status: 'failed',
    problem: toProblem(
      new StudioError('timeout', 'The first request with this key is not settled yet; send it again in a few seconds.'),
    ),
  }
}

async function committedVersion(blobs: Blobs, deltaId: string): Promise<number | null> {
  const [outcome] = await blobs.settle([deltaId], false)
  return outcome?.status === 'committed' ? outcome.version : null
}

async function blobAt(blobs: Blobs, { tenant_id, blob_id }: RecordedDelta, number: number): Promise<Blob> {
  const [[head], [version]] = await Promise.all([
    blobs.heads([{ tenant_id, blob_id }]),
    blobs.versions([{ tenant_id, blob_id, version: number }]),
  ])
  if (!head || !version) throw new StudioError('version_not_found', `Version ${number} of the blob is not there.`)
  return asOfVersion(head, version)
}

/** A blob as it was when a version of it was the newest. */
export function asOfVersion(blob: Blob, version: Version): Blob {
  const { content_type, content_hash, size, version_id, overlay, metadata, created_at } = version
  const deleted_at = version.operation === 'delete' ? created_at : null
  return {
    ...blob,
    content_type,
    content_hash,
    size,
    version: version.version,
    version_id,
    overlay,
    metadata,
    updated_at: created_at,
    deleted_at,
  }
}
