import type { VersionReference } from '@studio/contracts'

/** A recorded run that made a version, or found that it is what it would have made; `inputs` are the versions that it read. */
export interface Making extends VersionReference {
  readonly inputs: readonly VersionReference[]
}

/** A version that is known, in the order of versions of its blob; a tombstone has the content of the one before it. */
export interface KnownVersion extends VersionReference {
  readonly is_tombstone: boolean
}

/**
 * Which versions of the blobs below purged ones are derived from them. A version is clean where some run that read clean versions only made it, or found it made: the
 * least that follows from versions of blobs that no purge reaches. Where nobody knows what made a version, it is taken for derived.
 */
export function judgeVersions(
  known: readonly KnownVersion[],
  makings: readonly Making[],
  purgedBlobs: ReadonlySet<string>,
): VersionReference[] {
  const reached = new Set(known.map(({ blob_id }) => blob_id))
  const clean = new Set<string>()
  const waiting = new Map<string, Unsettled[]>()
  const queue: Making[] = []
  for (const making of makings) {
    if (making.inputs.some(({ blob_id }) => purgedBlobs.has(blob_id))) continue
    const open = new Set(making.inputs.filter(({ blob_id }) => reached.has(blob_id)).map(nameOf))
    const unsettled = { making, open: open.size }
    if (open.size === 0) queue.push(making)
    for (const name of open) waiting.set(name, [...(waiting.get(name) ?? []), unsettled])
  }
  for (let made = queue.pop(); made !== undefined; made = queue.pop()) {
    const name = nameOf(made)
    if (clean.has(name)) continue
    clean.add(name)
    for (const unsettled of waiting.get(name) ?? []) if (--unsettled.open === 0) queue.push(unsettled.making)
  }

  const derived: VersionReference[] = []
  for (const { blob_id, version, is_tombstone } of known) {
    const name = nameOf({ blob_id, version })
    if (is_tombstone && clean.has(nameOf({ blob_id, version: version - 1 }))) clean.add(name)
    if (!clean.has(name)) derived.push({ blob_id, version })
  }
  return derived
}

/** A making whose inputs are not all known to be clean yet. */
interface Unsettled {
  readonly making: Making
  open: number
}

function nameOf({ blob_id, version }: VersionReference): string {
  return `${blob_id} ${version}`
}
