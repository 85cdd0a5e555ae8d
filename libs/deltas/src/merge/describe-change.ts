import { isUtf8 } from 'node:buffer'
import type { DeltaFormat, Json } from '@studio/contracts'
import { isJsonType, isTextType } from '@studio/kernel'
import { diffJson, type DiffOperation } from '../diff/diff-json.ts'
import { diffText } from '../diff/diff-text.ts'
import { parsePatchableDocument } from '../json/json-document.ts'

/** What a delta did, in the words of the version that its author saw. */
export type AuthoredChange =
  | { readonly format: 'json-patch' | 'merge-patch' | 'text'; readonly patch: Json }
  | { readonly format: 'replace'; readonly bytes: Uint8Array }
  | { readonly format: 'none' }

/** Content over this many bytes is not taken apart to be merged: there, two changes of one blob are a conflict. */
const mergeableBytes = 2 ** 20

/** Whether contents of a type and these sizes, in bytes, may be taken apart, so that reading them to be merged is worth it. */
export function isMergeable(contentType: string, ...sizes: readonly number[]): boolean {
  return (isJsonType(contentType) || isTextType(contentType)) && sizes.every((size) => size <= mergeableBytes)
}

/** As what contents of a type can be merged: place by place as JSON, by code points as text, or only as a whole. */
export function mergeKind(contentType: string, ...contents: readonly Uint8Array[]): 'json' | 'text' | 'whole' {
  if (contents.some(({ length }) => length > mergeableBytes)) return 'whole'
  if (isJsonType(contentType)) return 'json'
  return isTextType(contentType) && contents.every((bytes) => isUtf8(bytes)) ? 'text' : 'whole'
}

/**
 * A change so that it can be merged with others: its own patch, or where it gives whole content (`made` of what its author had `seen`) or a
 * text delta of JSON, the difference of the two.
 */
export function describeChange(
  contentType: string,
  { format, patch }: { readonly format: DeltaFormat; readonly patch: Json | null },
  seen: Uint8Array,
  made: Uint8Array,
): AuthoredChange {
  const kind = mergeKind(contentType, seen, made)
  if (kind === 'whole') return { format: 'replace', bytes: made }
  if (kind === 'text') return { format: 'text', patch: format === 'text' ? patch : diffText(seen, made) }
  if (format === 'json-patch' || format === 'merge-patch') return { format, patch }
  return {
    format: 'json-patch',
    patch: jsonDifference(parsePatchableDocument(seen), parsePatchableDocument(made)) as Json,
  }
}

/**
 * The change from one whole content to another, place by place however long that is told: whoever did not write it as a patch did not mean to change more than
 * what is different now.
 */
export function changeByPlaces(contentType: string, seen: Uint8Array, made: Uint8Array): AuthoredChange {
  if (mergeKind(contentType, seen, made) !== 'json') return { format: 'replace', bytes: made }
  const [from, to] = [parsePatchableDocument(seen), parsePatchableDocument(made)]
  return { format: 'json-patch', patch: (diffJson(from, to, Infinity) ?? jsonDifference(from, to)) as Json }
}

/** Where two documents are too unlike to be compared, the difference is all of it. */
export function jsonDifference(from: Json, to: Json): DiffOperation[] {
  return diffJson(from, to) ?? [{ op: 'replace', path: '', value: to }]
}
