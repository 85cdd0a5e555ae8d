import type { Commit, CommitOutcome } from '@studio/contracts'
import { blobCreationDuration, counter, type Logger } from '@studio/telemetry'
import type { Written } from './domain/commit-outcomes.ts'

const creation = blobCreationDuration()
const versions = counter('studio_versions_committed_total', 'Versions made, by the operation that made them.', [
  'operation',
])
const rejections = counter('studio_commits_rejected_total', 'Commits that could not go in, by the reason.', ['status'])
const collectedContents = counter(
  'studio_contents_collected_total',
  'Staged contents deleted since no version used them.',
  [],
)
const collectedBytes = counter('studio_contents_collected_bytes_total', 'Raw bytes of the staged contents deleted.', [])
const packedContents = counter('studio_contents_packed_total', 'Contents of older versions kept as patches.', [])
const packedBytes = counter(
  'studio_contents_packed_bytes_total',
  'Bytes that patches take less than what they stand for.',
  [],
)

/** New versions are committed. `seconds`: from the request to here. One line for all of them, since a batch may hold thousands. */
export function versionsCommitted(log: Logger, written: Written[], seconds: number): void {
  for (const { commit, outcome } of written) {
    versions.inc({ operation: commit.operation })
    if (outcome.version === 1) creation.observe(outcome.blob.content_type, seconds)
  }
  const lines = written.map(({ commit, outcome }) => ({
    tenant_id: commit.tenant_id,
    blob_id: commit.blob_id,
    version: outcome.version,
    delta_id: commit.delta_id,
    operation: commit.operation,
  }))
  log.info(lines.length === 1 ? lines[0] : { versions: lines }, 'committed')
}

/** Commits were answered with something else than `committed`. */
export function commitsRejected(log: Logger, commits: readonly Commit[], outcomes: readonly CommitOutcome[]): void {
  outcomes.forEach((outcome, index) => {
    if (outcome.status === 'committed') return
    rejections.inc({ status: outcome.status })
    const commit = commits[index]
    log.info(
      { tenant_id: commit?.tenant_id, blob_id: commit?.blob_id, delta_id: commit?.delta_id, status: outcome.status },
      'not committed',
    )
  })
}

/** Deltas were refused for ever, since nothing was known of them. */
export function deltasRefused(log: Logger, deltaIds: readonly string[]): void {
  if (deltaIds.length > 0) log.warn({ delta_ids: deltaIds }, 'deltas refused')
}

/** Bytes were uploaded for a version to come. */
export function contentStaged(log: Logger, tenantId: string, content: { size: number }): void {
  // Not the hash: a log outlives a purge, and short content can be guessed by its hash.
  log.info({ tenant_id: tenantId, size: content.size }, 'content staged')
}

/** Staged contents that no version used were deleted. */
export function contentsCollected(log: Logger, collected: number, bytes: number): void {
  if (collected === 0) return
  collectedContents.inc(collected)
  collectedBytes.inc(bytes)
  log.info({ collected, bytes }, 'staged contents collected')
}

/** Contents of older versions became patches. */
export function contentsPacked(log: Logger, packed: number, saved: number): void {
  if (packed === 0) return
  packedContents.inc(packed)
  packedBytes.inc(saved)
  log.info({ packed, saved }, 'history packed')
}

/** Contents of whole blobs, and of versions of others, were erased. */
export function contentsErased(
  log: Logger,
  { tenant_id, blobs, versions }: { tenant_id: string; blobs: readonly string[]; versions: readonly unknown[] },
): void {
  log.info({ tenant_id, blobs: blobs.length, versions: versions.length }, 'contents purged')
}
