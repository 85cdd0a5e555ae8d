import {
  applyJsonPatch,
  applyMergePatch,
  defaultPatchLimits,
  parsePatch,
  patchBytes,
  type PatchFormat,
} from '@studio/deltas'
import type { Json } from '@studio/contracts'
import { isStudioError, type ErrorCode } from '@studio/kernel'
import { isDeepStrictEqual } from 'node:util'
import type { ConformanceCase } from './cases/case.ts'
import { changedPrototypeProperties } from './prototypes.ts'

/** The text that came out, or the code of the refusal with the index of the operation at fault, where one is. */
export type Outcome = { readonly text: string } | { readonly code: ErrorCode; readonly operation: number | undefined }

/** What the engine does with a patch on its way from the wire to the new version's bytes. */
export function patched(format: PatchFormat, document: string, patch: string): Outcome {
  return outcomeOf(() =>
    patchBytes(format, Buffer.from(document), parsePatch(format, patch), defaultPatchLimits).bytes.toString(),
  )
}

/** What the functions on values answer. What they must leave as it is is frozen, so that writing to it throws. */
export function applied(format: ConformanceCase['format'], document: string, patch: string): Outcome {
  return outcomeOf(() => {
    const base = JSON.parse(document) as Json
    const operations = deepFreeze(parsePatch(format, patch))
    return JSON.stringify(
      format === 'json-patch'
        ? applyJsonPatch(base, operations as Json[])
        : applyMergePatch(deepFreeze(base), operations),
    )
  })
}

/** Runs a case through the library, both ways. Answers what is wrong, undefined where all is as expected. */
export function faultOf({ format, document, patch, expected }: ConformanceCase): string | undefined {
  for (const apply of [patched, applied]) {
    const outcome = apply(format, document, patch)
    const asExpected =
      'code' in expected
        ? 'code' in outcome && outcome.code === expected.code
        : 'text' in outcome && isDeepStrictEqual(JSON.parse(outcome.text), JSON.parse(expected.result))
    if (!asExpected) return `${apply.name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(outcome)}`
    const changed = changedPrototypeProperties()
    if (changed.length > 0) return `${apply.name}: changed ${changed.join(', ')}`
  }
  return undefined
}

function outcomeOf(run: () => string): Outcome {
  try {
    return { text: run() }
  } catch (error) {
    if (!isStudioError(error)) throw error
    return { code: error.code, operation: error.extensions['operation'] as number | undefined }
  }
}

function deepFreeze(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  for (const child of Object.values(value)) deepFreeze(child)
  Object.freeze(value)
  return value
}
