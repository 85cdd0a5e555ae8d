import type { TextOperation } from '@studio/contracts'
import { canonicalJson, StudioError } from '@studio/kernel'
import { diffText } from '../diff/diff-text.ts'
import { parsePatchableDocument, serialise } from '../json/json-document.ts'
import { mergePatchOperations } from '../json/merge-patch-operations.ts'
import { parseJsonPatch, type PatchOperation } from '../json/parse-json-patch.ts'
import { createPatchMeter } from '../json/patch-meter.ts'
import type { PatchLimits } from '../limits.ts'
import { areConcurrent, isLater, type Author } from './authors.ts'
import type { Conflict } from './conflict.ts'
import { jsonDifference, mergeKind, type AuthoredChange } from './describe-change.ts'
import { JsonWeave } from './json-weave.ts'
import { TextWeave } from './text-weave.ts'

export interface AuthoredDelta extends Author {
  readonly change: AuthoredChange
}

export interface MergeRequest {
  readonly contentType: string
  /** Content of the version that the history starts from. */
  readonly base: Uint8Array
  /** All deltas from there to the head, by their versions. No author saw less than where it starts. */
  readonly history: readonly AuthoredDelta[]
  readonly head: Uint8Array
  readonly incoming: AuthoredDelta
  /** What the incoming change made of the version that its author saw. */
  readonly made: Uint8Array
}

/**
 * What a merge comes to: content, and the true conflicts of the incoming change. In those the last write has won: `head` and `made` say
 * that it has all of the content, because that cannot be taken apart.
 */
export type Merged =
  | { readonly conflicts: readonly Conflict[]; readonly outcome: 'merged'; readonly bytes: Uint8Array }
  | { readonly conflicts: readonly Conflict[]; readonly outcome: 'head' | 'made' }

/**
 * Merges a change into what others made of the version that its author saw; the rules stand in docs/adr/0008. Throws `internal_error` where
 * the history does not give the head, and `patch_too_large` where merging takes too much work.
 */
export function merge(request: MergeRequest, limits: PatchLimits): Merged {
  const { contentType, base, head, made } = request
  switch (mergeKind(contentType, base, head, made)) {
    case 'json':
      return mergeJson(request, limits)
    case 'text':
      return mergeText(request, limits)
    case 'whole':
      return mergeWhole(request)
  }
}

function mergeJson({ base, history, head, incoming }: MergeRequest, limits: PatchLimits): Merged {
  const weave = new JsonWeave(parsePatchableDocument(base), createPatchMeter(limits))
  for (const delta of history) weave.add(delta, jsonOperations(weave, delta, limits))
  const woven = weave.read({ through: incoming.version - 1 })
  if (canonicalJson(woven) !== canonicalJson(parsePatchableDocument(head))) throw unlikeHead()
  weave.add(incoming, jsonOperations(weave, incoming, limits))
  const value = weave.read({ through: incoming.version })
  return { outcome: 'merged', bytes: serialise(value, limits.bytes), conflicts: weave.conflictsOf(incoming) }
}

function jsonOperations(weave: JsonWeave, { saw, change }: AuthoredDelta, limits: PatchLimits): PatchOperation[] {
  switch (change.format) {
    case 'json-patch':
      return parseJsonPatch(change.patch as unknown[], limits)
    case 'merge-patch':
      return mergePatchOperations(weave.read({ through: saw }), change.patch)
    case 'replace':
      return parseJsonPatch(jsonDifference(weave.read({ through: saw }), parsePatchableDocument(change.bytes)), limits)
    case 'none':
      return []
    case 'text':
      throw new TypeError('a text delta of JSON is merged as what it made of it')
  }
}

function mergeText({ base, history, head, incoming }: MergeRequest, limits: PatchLimits): Merged {
  const weave = new TextWeave(textOf(base), createPatchMeter(limits))
  for (const delta of history) weave.add(delta, textOperations(weave, delta))
  if (weave.read({ through: incoming.version - 1 }) !== textOf(head)) throw unlikeHead()
  weave.add(incoming, textOperations(weave, incoming))
  const bytes = Buffer.from(weave.read({ through: incoming.version }))
  return { outcome: 'merged', bytes, conflicts: weave.conflictsOf(incoming) }
}

function textOperations(weave: TextWeave, { saw, change }: AuthoredDelta): TextOperation[] {
  switch (change.format) {
    case 'text':
      return change.patch as TextOperation[]
    case 'replace':
      return diffText(Buffer.from(weave.read({ through: saw })), change.bytes)
    case 'none':
      return []
    default:
      throw new TypeError(`a ${change.format} is no change of text`)
  }
}

/** Content that cannot be taken apart: any two concurrent changes of it are a conflict, and the last one has it all. */
function mergeWhole({ history, incoming }: MergeRequest): Merged {
  const concurrent = history.filter((delta) => delta.change.format !== 'none' && areConcurrent(delta, incoming))
  const operation = { op: 'replace', path: '' }
  return {
    outcome: concurrent.every((delta) => isLater(incoming, delta)) ? 'made' : 'head',
    conflicts: concurrent.map((delta) => ({
      path: '',
      one: { by: incoming, operation },
      other: { by: delta, operation },
    })),
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function unlikeHead(): StudioError {
  return new StudioError('internal_error', 'The deltas since that version do not give the head.')
}
