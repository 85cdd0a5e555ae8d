import { parseContentType, sha256, StudioError } from '@studio/kernel'
import type { Blob, Change, Json, SubmitDelta, Version } from '@studio/contracts'
import {
  computeDiff,
  describeChange,
  merge,
  type AuthoredDelta,
  type Conflict,
  type PatchFormat,
  type PatchLimits,
  type Side,
} from '@studio/deltas'
import { policyOf } from './check-target.ts'
import { planContent, unchanged, type ContentSources, type PlannedChange } from './plan-content.ts'

/** What is needed to merge a change into what came since the version that its author saw. */
export interface MergeSources {
  /** The id of the change's delta: it decides who was last. */
  readonly delta_id: string
  /** The version that the author saw, and its content. */
  readonly seen: Version
  readonly seenBytes: Uint8Array
  /** The content from which all that came since can be told: `seen`'s, or of before it where somebody since had seen less. */
  readonly startBytes: Uint8Array
  readonly headBytes: Uint8Array
  /** From there to the head, and whether the content type was the head's all the time. */
  readonly isOneType: boolean
  readonly history: readonly HistoricDelta[]
  /** The last one since `seen` that changed the metadata. */
  readonly metadataChange: Pick<Version, 'delta_id' | 'version' | 'metadata'> | null
}

/** A delta of the history, its patch as JSON text. */
export interface HistoricDelta extends Omit<AuthoredDelta, 'change'> {
  readonly change:
    Exclude<AuthoredDelta['change'], { patch: unknown }> | { readonly format: PatchFormat; readonly patchJson: string }
}

function authoredDelta({ change, ...author }: HistoricDelta): AuthoredDelta {
  if (!('patchJson' in change)) return { ...author, change }
  return { ...author, change: { format: change.format, patch: JSON.parse(change.patchJson) as Json } }
}

/**
 * Plans a change that was made on an earlier version than the head, by the blob's or its own policy. Throws `merge_conflict` with both sides
 * of each true conflict, unless the last write wins.
 */
export function planMerged(
  item: SubmitDelta,
  head: Blob,
  { staged }: ContentSources,
  sources: MergeSources,
  limits: PatchLimits,
): PlannedChange {
  const conflicts = metadataConflicts(item, sources)
  const planned =
    item.change === null ? unchanged(head) : mergeContent(item.change, head, staged, sources, limits, conflicts)
  if (conflicts.length > 0 && policyOf(item, head) === 'merge') throw mergeConflict(item, head, conflicts)
  return planned
}

/** A conflict as it is told to whoever made the change. */
interface ToldConflict {
  readonly path: string
  readonly yours: Json
  readonly theirs: Json
}

function mergeContent(
  change: Change,
  head: Blob,
  staged: Uint8Array | null,
  { delta_id, seen, seenBytes, startBytes, headBytes, isOneType, history }: MergeSources,
  limits: PatchLimits,
  conflicts: ToldConflict[],
): PlannedChange {
  const asSeen = { ...head, ...pick(seen) }
  const alone = planContent(change, asSeen, { base: seenBytes, staged }, limits)
  // What others did has left the content as the author saw it.
  const isAsSeen = seen.content_hash === head.content_hash && seen.content_type === head.content_type
  if (isAsSeen) return alone
  const made = alone.content && 'bytes' in alone.content ? alone.content.bytes : staged
  const canCompare = isOneType && alone.content_type === head.content_type && made !== null
  const contentType = canCompare ? head.content_type : 'application/octet-stream'
  const authored = made === null ? null : describeChange(contentType, alone, seenBytes, made)
  const merged = merge(
    {
      contentType,
      base: startBytes,
      history: history.map(authoredDelta),
      head: headBytes,
      incoming: {
        id: delta_id,
        version: head.version + 1,
        saw: seen.version,
        change: authored ?? { format: 'replace', bytes: empty },
      },
      made: made ?? empty,
    },
    limits,
  )
  conflicts.push(...merged.conflicts.map(told))
  const original = {
    version: seen.version,
    format: authored?.format ?? alone.format,
    patch: authored && 'patch' in authored ? authored.patch : null,
  }
  if (merged.outcome !== 'merged')
    return merged.outcome === 'head'
      ? { ...unchanged(head), original }
      : { ...alone, format: 'replace', patch: null, original }
  const diff = computeDiff(head.content_type, headBytes, merged.bytes)
  return {
    ...(diff ?? { format: 'replace', patch: null }),
    original,
    content: { bytes: merged.bytes },
    content_hash: sha256(merged.bytes),
    content_type: parseContentType(head.content_type),
    size: merged.bytes.length,
  }
}

const empty = new Uint8Array()

function pick({ content_hash, content_type, size, version }: Version): Partial<Blob> {
  return { content_hash, content_type, size, version }
}

/** Metadata is one register: two who change it to different values are in conflict. */
function metadataConflicts({ metadata }: SubmitDelta, { metadataChange }: MergeSources): ToldConflict[] {
  if (metadata === null || metadataChange === null) return []
  const { metadata: theirs, delta_id, version } = metadataChange
  if (JSON.stringify(theirs) === JSON.stringify(metadata)) return []
  return [
    {
      path: '/metadata',
      yours: { metadata: shortened(metadata) },
      theirs: { delta_id, version, metadata: shortened(theirs) },
    },
  ]
}

function told({ path, one, other }: Conflict): ToldConflict {
  const { id: delta_id, version } = other.by
  return { path, yours: operationOf(one), theirs: { delta_id, version, ...operationOf(other) } }
}

function operationOf({ operation }: Side): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(operation as Record<string, Json>).map(([name, value]) => [name, shortened(value)]),
  )
}

const longest = 1000

/** A report is to be read: long values are cut, and said to be. */
function shortened(value: Json): Json {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= longest ? value : `${text.slice(0, longest).toWellFormed()}… (${text.length} characters)`
}

const mostTold = 100

function mergeConflict(item: SubmitDelta, head: Blob, conflicts: readonly ToldConflict[]): StudioError {
  const [first] = conflicts
  const more = conflicts.length > 1 ? `, and ${conflicts.length - 1} more` : ''
  return new StudioError(
    'merge_conflict',
    `Others changed the same place since version ${item.from_version} (${first?.path || 'in the text'}${more}). Read version ${head.version}, settle it and send the change for that one.`,
    {
      extensions: {
        expected_version: item.from_version,
        current_version: head.version,
        conflicts: conflicts.slice(0, mostTold),
      },
    },
  )
}
