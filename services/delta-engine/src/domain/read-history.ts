import type { Blob, SubmitDelta, Version } from '@studio/contracts'
import { isJsonType, StudioError } from '@studio/kernel'
import type { HistoricDelta, MergeSources } from './plan-merged.ts'
import type { Blobs, DeltaStore, RecordedChange } from './ports.ts'

/** Versions that a change may be behind, and still be merged; the bytes of their patches, and of contents that stand for themselves. */
const longest = { versions: 499, patchBytes: 4 * 2 ** 20, contentBytes: 16 * 2 ** 20 }

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
  const wholes = since.filter((version) => isWhole(version, changes))
  if (wholes.reduce((sum, { size }) => sum + size, 0) > longest.contentBytes) throw tooMuch(saw, head)
  const needed = [start, seen, versionOf(head.version), ...wholes]
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
    history: since.map((version): HistoricDelta => {
      const change = changes.get(version.delta_id)
      return {
        id: version.delta_id,
        version: version.version,
        saw: change?.saw ?? version.version - 1,
        change: isWhole(version, changes)
          ? { format: 'replace', bytes: bytesOf(version) }
          : change === undefined || change.format === 'none' || change.format === 'replace'
            ? { format: 'none' }
            : { format: change.format, patchJson: change.patch ?? 'null' },
      }
    }),
    metadataChange:
      since.findLast((version, at) => version.version > saw && !isSame(version.metadata, versions[at]?.metadata)) ??
      null,
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
  const changes = new Map<string, RecordedChange>()
  let versions: Version[] = []
  let start = saw
  let bytes = longest.patchBytes
  // From here on they are read.
  let low = head.version + 1

  const readFrom = async (from: number) => {
    const older = await blobs.versionsBetween({ tenant_id, blob_id }, from, low - 1)
    const ids = older.filter(({ version }) => version > from).map(({ delta_id }) => delta_id)
    const made = await store.findChanges([...ids, ...versions.slice(0, 1).map(({ delta_id }) => delta_id)], bytes)
    return made && { from, older, made }
  }

  while (start < low) {
    if (head.version - start > longest.versions) throw tooMuch(saw, head)
    // Twice as far each time: where all changes overlap, each leads back to the one before it only.
    const twice = Math.max(1, head.version - longest.versions, 2 * low - head.version - 1)
    const found = (twice < start ? await readFrom(twice) : null) ?? (await readFrom(start))
    if (found === null) throw tooMuch(saw, head)
    for (const change of found.made) {
      changes.set(change.id, change)
      bytes -= Buffer.byteLength(change.patch ?? '')
    }
    versions = [...found.older, ...versions]
    low = found.from
    for (const { version, delta_id } of versions.toReversed())
      if (version > start) start = Math.min(start, changes.get(delta_id)?.saw ?? start)
  }
  return { versions: versions.filter(({ version }) => version >= start), changes }
}

/** Whether what a delta did has to be found from the content that it made. */
function isWhole(
  { delta_id, content_type, operation }: Version,
  changes: ReadonlyMap<string, RecordedChange>,
): boolean {
  if (operation === 'delete') return false
  const change = changes.get(delta_id)
  if (change === undefined) return true
  return change.format === 'replace' || (change.format === 'text' && change.saw === null && isJsonType(content_type))
}

function tooMuch(saw: number, { version }: Blob): StudioError {
  return new StudioError(
    'version_conflict',
    `Too much has changed since version ${saw} to merge it. Read version ${version}, and make the change on top of it.`,
    { extensions: { expected_version: saw, current_version: version } },
  )
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function missing(version: number): never {
  throw new StudioError('content_not_found', `Version ${version} of the blob, or its content, is not there.`)
}
