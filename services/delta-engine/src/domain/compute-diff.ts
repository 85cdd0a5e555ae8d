import { isStudioError, sha256 } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { createPatch } from 'rfc6902'
import { applyJsonPatch } from './apply-json-patch.ts'
import { parsePatchableDocument, serialise } from './json-document.ts'
import { isContainer, isObject } from './json-value.ts'
import { defaultPatchLimits } from './limits.ts'

/** Whole content up to this many bytes is compared with what it replaces. */
export const diffableBytes = 32_768

// rfc6902 compares arrays in n × m steps that each copy a list of up to n + m operations: two unlike arrays of 500 took it 7 s.
const affordableSteps = 50_000

/**
 * The JSON Patch from one version's bytes to the next one's, or null where whole content is the better record: too large or too unlike to
 * compare in a few milliseconds, longer than the content itself, or not giving exactly these bytes when our own engine applies it.
 */
export function computeDiff(base: Uint8Array, next: Uint8Array): Json[] | null {
  if (base.length > diffableBytes || next.length > diffableBytes) return null
  try {
    const from = parsePatchableDocument(base)
    const to = parsePatchableDocument(next)
    if (stepsToCompare(from, to, affordableSteps) > affordableSteps) return null
    const patch = createPatch(from, to) as unknown as Json[]
    if (JSON.stringify(patch).length >= next.length) return null
    const result = serialise(applyJsonPatch(from, patch), defaultPatchLimits.bytes)
    return sha256(result) === sha256(next) ? patch : null
  } catch (error) {
    if (isStudioError(error)) return null
    throw error
  }
}

/** A bound of what comparing two values costs rfc6902; stops counting once it is over `limit`. */
function stepsToCompare(from: Json, to: Json, limit: number): number {
  let steps = 1
  if (Array.isArray(from) && Array.isArray(to)) {
    steps += from.length * to.length * (from.length + to.length)
    for (const left of from) {
      if (!isContainer(left)) continue
      for (const right of to) {
        if (steps > limit) return steps
        if (isContainer(right)) steps += stepsToCompare(left, right, limit - steps)
      }
    }
  } else if (isObject(from) && isObject(to)) {
    for (const [name, member] of Object.entries(from)) {
      if (steps > limit) return steps
      const other = Object.hasOwn(to, name) ? to[name] : undefined
      steps += other === undefined ? 1 : stepsToCompare(member, other, limit - steps)
    }
  }
  return steps
}
