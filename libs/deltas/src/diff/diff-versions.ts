import { isUtf8 } from 'node:buffer'
import { essenceOf, isJsonType, isStudioError, StudioError } from '@studio/kernel'
import type { DiffFormat, Json } from '@studio/contracts'
import { parsePatchableDocument } from '../json/json-document.ts'
import { diffableJsonBytes } from './compute-diff.ts'
import { diffJson } from './diff-json.ts'
import { diffText } from './diff-text.ts'
import { mergeDiff } from './merge-diff.ts'
import { unifiedDiff } from './unified-diff.ts'

export interface VersionDiff {
  readonly format: DiffFormat
  /** A string for `unified`, else JSON. */
  readonly diff: Json
}

/** What a unified diff calls its two sides. */
export interface SideNames {
  readonly from: string
  readonly to: string
}

/**
 * The difference of two contents in a format, always as a patch that leads from one to the other; by JSON value for `json-patch` and
 * `merge-patch`, byte by byte for `text` and `unified`, which take JSON as text, too. `format` null takes what fits the content type best:
 * a JSON Patch for JSON, a unified diff for text, and for either a text delta where those would be too large.
 *
 * Throws `diff_not_expressible` where the format cannot say it: JSON formats of what is no JSON or over 512 KiB, a merge patch that needs
 * null, a unified diff of stretches over 2 MiB or 25,000 lines, text formats of what is not UTF-8.
 */
export function diffVersions(
  format: DiffFormat | null,
  contentType: string,
  from: Uint8Array,
  to: Uint8Array,
  names: SideNames = { from: 'a', to: 'b' },
): VersionDiff {
  if (format !== null) return { format, diff: writers[format](from, to, names) }
  const best = bestFormat(contentType)
  try {
    return { format: best, diff: writers[best](from, to, names) }
  } catch (error) {
    if (!isStudioError(error, 'diff_not_expressible')) throw error
    return { format: 'text', diff: writers.text(from, to, names) }
  }
}

function bestFormat(contentType: string): DiffFormat {
  if (isJsonType(contentType)) return 'json-patch'
  if (essenceOf(contentType).startsWith('text/')) return 'unified'
  throw new StudioError('diff_not_expressible', `There is no difference of ${contentType}; compare the contents.`)
}

const writers: Record<DiffFormat, (from: Uint8Array, to: Uint8Array, names: SideNames) => Json> = {
  'json-patch': (from, to) => jsonPatch(parse(from), parse(to)),
  'merge-patch': (from, to) => mergeDiff(parse(from), parse(to)),
  text: (from, to) => diffText(checkText(from), checkText(to)),
  unified: (from, to, names) => unifiedDiff(checkText(from), checkText(to), names),
}

function jsonPatch(from: Json, to: Json): Json {
  return diffJson(from, to) ?? [{ op: 'replace', path: '', value: to }]
}

function parse(bytes: Uint8Array): Json {
  if (bytes.length > diffableJsonBytes)
    throw new StudioError('diff_not_expressible', `JSON over ${diffableJsonBytes} bytes is compared as "text" only.`)
  try {
    return parsePatchableDocument(bytes)
  } catch (error) {
    if (!isStudioError(error)) throw error
    throw new StudioError('diff_not_expressible', 'One of the versions is not JSON that can be compared.', {
      cause: error,
    })
  }
}

function checkText(bytes: Uint8Array): Uint8Array {
  if (!isUtf8(bytes)) throw new StudioError('diff_not_expressible', 'One of the versions is not UTF-8 text.')
  return bytes
}
