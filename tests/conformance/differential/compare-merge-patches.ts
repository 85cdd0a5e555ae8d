import type { Json } from '@studio/contracts'
import mergePatchPeer from 'json-merge-patch'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { applied, patched } from '../run-case.ts'
import { documents, jsonValues } from './documents.ts'
import { mentionsInheritedName } from './places.ts'
import { referenceMergePatch } from './reference-merge-patch.ts'
import { compare, type Options, type Report } from './report.ts'

const explanation = {
  rule: 'RFC 8259 section 4 (a name is any string)',
  fault:
    'json-merge-patch stops at the names `__proto__`, `constructor` and `prototype`, and asks the document for its `hasOwnProperty`',
  covers: (document: Json, patch: Json) =>
    mentionsInheritedName(document, patch) || mentionsInheritedName(null, document),
}

/** A patch that has to do with its document: a part of it, with other values and nulls in some places, or any value at all. */
const patches = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 4, arbitrary: fc.array(fc.tuple(fc.nat(4), jsonValues), { minLength: 1, maxLength: 6 }) },
)

/** Generated merge patches: the engine against the pseudocode of RFC 7396, and that against json-merge-patch. */
export function compareMergePatches(options: Options): Report {
  return compare(
    'Merge Patch',
    [documents, patches, jsonValues],
    (tally, document, changes, any) => {
      const patch = changes === undefined ? any : patchFrom(document, changes)
      const texts = [JSON.stringify(document), JSON.stringify(patch)] as const
      const expected = JSON.stringify({ text: JSON.stringify(referenceMergePatch(document, patch)) })
      for (const engine of [patched, applied]) {
        const outcome = JSON.stringify(engine('merge-patch', ...texts))
        if (outcome !== expected)
          throw new Error(`${texts.join('\n')}\nby the RFC: ${expected}\n${engine.name}: ${outcome}`)
      }
      if (peerAgrees(document, patch)) tally.agreed('json-merge-patch')
      else if (explanation.covers(document, patch)) tally.explained(`${explanation.fault} (${explanation.rule})`)
      else throw new Error(`unexplained: ${texts.join('\n')}`)
      tally.outcome('applied')
    },
    options,
  )
}

const copyOf = (value: Json) => JSON.parse(JSON.stringify(value)) as Json

function peerAgrees(document: Json, patch: Json): boolean {
  try {
    const theirs = mergePatchPeer.apply(copyOf(document) as object, copyOf(patch) as object) as Json
    return isDeepStrictEqual(copyOf(theirs), copyOf(referenceMergePatch(document, patch)))
  } catch {
    return false
  }
}

/** Walks the document's members; each draws what becomes of it: it stays out of the patch, goes, is another, or is looked into. */
function patchFrom(document: Json, changes: readonly (readonly [number, Json])[]): Json {
  let drawn = 0
  const walk = (value: Json): Json => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const members = Object.entries(value).flatMap(([name, child]): [string, Json][] => {
      const [choice, other] = changes[drawn++ % changes.length] as readonly [number, Json]
      if (choice === 0) return []
      if (choice === 1) return [[name, null]]
      if (choice === 2) return [[name, other]]
      return [[choice === 3 ? name : `${name}+`, walk(child)]]
    })
    return Object.fromEntries(members)
  }
  return walk(document)
}
