import { StudioError } from '@studio/kernel'

interface VersionedContent {
  readonly version: number
  readonly content_hash: string
}

/** The entity tag of a version: its number, and 16 digits of its hash for the eye. */
export function entityTagOf({ version, content_hash }: VersionedContent): string {
  return `"v${version}-${content_hash.slice(0, 16)}"`
}

/** RFC 9110 section 8.8.3: the tags of a list, weak ones with their `W/`. */
const tagPattern = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

/** Whether If-None-Match names this tag (weak comparison, RFC 9110 section 13.1.2). */
export function namesTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return (ifNoneMatch.match(tagPattern) ?? []).some((named) => named.replace(/^W\//, '') === tag)
}

/**
 * What If-Match asks for: `version` when it is one strong tag of ours, for a version's content never changes, so that its number says all.
 * `tags` (any other list) have to be compared with the head's tag.
 */
export type IfMatch = { kind: 'any' } | { kind: 'version'; version: number } | { kind: 'tags'; tags: readonly string[] }

const ownTag = /^"v([1-9]\d{0,8})-[0-9a-f]{16}"$/

/** Reads If-Match (RFC 9110 section 13.1.1); undefined where there is none. */
export function parseIfMatch(header: string | undefined): IfMatch | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return { kind: 'any' }
  const tags = header.match(tagPattern) ?? []
  const version = tags.length === 1 ? versionOf(tags[0] ?? '') : undefined
  return version === undefined ? { kind: 'tags', tags } : { kind: 'version', version }
}

function versionOf(tag: string): number | undefined {
  const version = ownTag.exec(tag)?.[1]
  return version === undefined ? undefined : Number(version)
}

/** The version that a list of tags allows a change of; throws `precondition_failed` when none of them is the head's. */
export function matchHead(tags: readonly string[], head: VersionedContent): number {
  if (tags.includes(entityTagOf(head))) return head.version
  const [expected] = tags.map(versionOf).filter((version) => version !== undefined)
  throw new StudioError('precondition_failed', 'Read the blob again and make the change on its current version.', {
    extensions: { expected_version: expected ?? null, current_version: head.version },
  })
}
