import type { Blob, SubmitDelta, Version } from '@studio/contracts'
import type { AuthoredDelta } from '@studio/deltas'
import { isJsonType, StudioError } from '@studio/kernel'
import type { MergeSources } from './plan-merged.ts'
import type { Blobs, DeltaStore, RecordedChange } from './ports.ts'

/** Versions that a change may be behind, and still be merged. */
const longestHistory = 499

/**
 * Reads what came since the version that a change was made on. Versions are asked from blob, whose word counts; what their deltas did is
 * looked up by their ids, whether their ends are recorded yet or not.
 */
export async function readHistory(
  { blobs, store }: { readonly blobs: Blobs; readonly store: DeltaStore },
  item: SubmitDelta,
  deltaId: string,
  head: Blob,
): Promise<MergeSources> {
  const saw = item.from_version ?? head.version
  const { versions, changes } = await readSince({ blobs, store }, item, saw, head)
  const versionOf = (number: number): Version => versions[number - (versions[0]?.version ?? 0)] ?? missing(number)
  const [first] = versions
  const [seen, start] = [versionOf(saw), first ?? missing(saw)]

  const since = versions.slice(1)
  const needed = [start, seen, versionOf(head.version), ...since.filter((version) => isWhole(version, changes))]
  const hashes = [...new Map(needed.map((version) => [version.content_hash, version])).values()]
  const contents = await blobs.contents(
    hashes.map(({ content_hash: hash, size }) => ({ tenant_id: item.tenant_id, hash, size })),
  )
  const bytes = new Map(hashes.map(({ content_hash }, at) => [content_hash, contents[at]]))
  const bytesOf = (version: Version): Uint8Array => bytes.get(version.content_hash) ?? missing(version.version)

  return {
    delta_id: deltaId,
    seen,
    seenBytes: bytesOf(seen),
    startBytes: bytesOf(start),
    headBytes: bytesOf(versionOf(head.version)),
    isOneType: versions.every(({ content_type }) => content_type === head.content_type),
    history: since.map((version): AuthoredDelta => {
      const change = changes.get(version.delta_id)
      const authored = change?.original ?? change
      return {
        id: version.delta_id,
        version: version.version,
        saw: change?.original?.version ?? version.version - 1,
        change: isWhole(version, changes)
          ? { format: 'replace', bytes: bytesOf(version) }
          : authored === undefined || authored.format === 'none' || authored.format === 'replace'
            ? { format: 'none' }
            : { format: authored.format, patch: authored.patch },
      }
    }),
    metadataChanges: since
      .filter((version, at) => version.version > saw && !isSame(version.metadata, versions[at]?.metadata))
      .map(({ delta_id, version, metadata }) => ({ delta_id, version, metadata })),
  }
}

interface Since {
  /** From the version where telling has to start to the head. */
  readonly versions: readonly Version[]
  readonly changes: ReadonlyMap<string, RecordedChange>
}

/** Goes back until nobody since had seen less than where it starts. */
async function readSince(
  { blobs, store }: { readonly blobs: Blobs; readonly store: DeltaStore },
  { tenant_id, blob_id }: SubmitDelta,
  saw: number,
  head: Blob,
): Promise<Since> {
  for (let start = saw; ;) {
    if (head.version - start > longestHistory)
      throw new StudioError(
        'version_conflict',
        `Too much has changed since version ${saw} to merge it. Read version ${head.version}, and make the change on top of it.`,
        { extensions: { expected_version: saw, current_version: head.version } },
      )
    const versions = await blobs.versionsBetween({ tenant_id, blob_id }, start, head.version)
    const changes = new Map(
      (await store.findChanges(versions.slice(1).map(({ delta_id }) => delta_id))).map((change) => [change.id, change]),
    )
    const lowest = Math.min(start, ...[...changes.values()].map(({ original }) => original?.version ?? start))
    if (lowest === start) return { versions, changes }
    start = lowest
  }
}

/** Whether what a delta did has to be found from the content that it made. */
function isWhole(
  { delta_id, content_type, operation }: Version,
  changes: ReadonlyMap<string, RecordedChange>,
): boolean {
  if (operation === 'delete') return false
  const change = changes.get(delta_id)
  if (change === undefined) return true
  if (change.original !== null) return change.original.format === 'replace'
  return change.format === 'replace' || (change.format === 'text' && isJsonType(content_type))
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function missing(version: number): never {
  throw new StudioError('content_not_found', `Version ${version} of the blob, or its content, is not there.`)
}
