import type { PublishedState } from '@studio/contracts'

interface VersionedContent {
  readonly version: number
  readonly content_hash: string
  /** Of a blob or version that a user has edited beside its provider: a conflict comes without a version. */
  readonly overlay?: string | null
}

/** The entity tag of a version: its number, and 16 digits of its hash for the eye; and where the answer tells how it is published, what it tells of that. */
export function entityTagOf(
  { version, content_hash, overlay }: VersionedContent,
  published?: PublishedState | null,
): string {
  const conflict = overlay === 'conflicted' ? '-conflicted' : ''
  const told = published ? `-p${published.revision}.${published.head_version}` : ''
  return `"v${version}-${content_hash.slice(0, 16)}${conflict}${told}"`
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
 * What If-Match asks for. A version's content never changes and versions only grow, so that of several strong tags of ours only the newest can
 * be the head's: its number says all, whoever compares it and however often. `none`: no tag that could be one of ours.
 */
export type IfMatch = { kind: 'any' } | { kind: 'version'; version: number } | { kind: 'none' }

const ownTag = /^"v([1-9]\d{0,8})-[0-9a-f]{16}(?:-conflicted)?(?:-p\d+\.\d+)?"$/

/** Reads If-Match (RFC 9110 section 13.1.1); undefined where there is none. */
export function parseIfMatch(header: string | undefined): IfMatch | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return { kind: 'any' }
  const versions = (header.match(tagPattern) ?? []).map((tag) => Number(ownTag.exec(tag)?.[1] ?? 0))
  const version = Math.max(0, ...versions)
  return version === 0 ? { kind: 'none' } : { kind: 'version', version }
}
