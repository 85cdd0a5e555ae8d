import { StudioError } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { maximumDepth, type PatchLimits } from './limits.ts'
import { isContainer } from './json-value.ts'

/**
 * Counts what applying a patch costs while it is applied: 20 `copy` operations of 801 bytes can double a document 20 times, so the
 * result alone must not be what is measured. Throws `patch_too_large`.
 */
export interface PatchMeter {
  /** `units` values were looked at, copied or moved. */
  work(units: number): void
  /** Measures a value that is moved below `level` levels: its work and its depth. */
  move(value: Json, level: number): void
  /** Measures a value that is added below `level` levels: its bytes, too. */
  grow(value: Json, level: number): void
  /** As `grow`, and answers a copy that shares nothing with the value. */
  growCopy(value: Json, level: number): Json
}

export function createPatchMeter(limits: PatchLimits): PatchMeter {
  let workDone = 0
  let bytesAdded = 0

  const work = (units: number): void => {
    workDone += units
    if (workDone > limits.work)
      throw new StudioError(
        'patch_too_large',
        'Applying the patch takes too much work; split it, or replace the whole content.',
      )
  }
  // Never more than the serialised size, so that nothing that would fit is refused: a number counts as one byte.
  const addBytes = (bytes: number): void => {
    bytesAdded += bytes
    if (bytesAdded > limits.bytes)
      throw new StudioError('patch_too_large', `The patch adds more than ${limits.bytes} bytes.`)
  }
  const enter = (level: number): void => {
    if (level >= maximumDepth)
      throw new StudioError('patch_too_large', `The result would be nested deeper than ${maximumDepth} levels.`)
  }
  const walk = (value: Json, level: number, count: (bytes: number) => void): void => {
    work(1)
    if (!isContainer(value)) return count(typeof value === 'string' ? value.length + 2 : 1)
    enter(level)
    count(2)
    if (Array.isArray(value)) {
      for (const item of value) walk(item, level + 1, count)
      return
    }
    for (const [name, member] of Object.entries(value)) {
      count(name.length + 3)
      walk(member, level + 1, count)
    }
  }
  const nothing = (): void => undefined
  return {
    work,
    move: (value, level) => walk(value, level, nothing),
    grow: (value, level) => walk(value, level, addBytes),
    growCopy: (value, level) => {
      walk(value, level, addBytes)
      return structuredClone(value)
    },
  }
}
