import { StudioError } from '@studio/kernel'
import type { Json } from '@studio/contracts'
import { maximumDepth, type PatchLimits } from '../limits.ts'
import { isContainer, setOwnMember, type JsonObject } from './json-value.ts'

/**
 * Counts what applying a patch costs while it is applied: 20 `copy` operations of 801 bytes can double a document 20 times, so the
 * result alone must not be what is measured. All methods throw `patch_too_large`.
 */
export interface PatchMeter {
  /** `units` values were looked at, copied or moved. */
  work(units: number): void
  /** Measures a value that is moved below `level` levels: its work and its depth. */
  move(value: Json, level: number): void
  /** Measures a value that is added below `level` levels, its bytes too, and answers a copy that shares nothing with it. */
  copy(value: Json, level: number): Json
}

export function createPatchMeter(limits: PatchLimits): PatchMeter {
  return new Meter(limits)
}

class Meter implements PatchMeter {
  private readonly limits: PatchLimits
  private workLeft: number
  private bytesLeft: number

  constructor(limits: PatchLimits) {
    this.limits = limits
    this.workLeft = limits.work
    this.bytesLeft = limits.bytes
  }

  work(units: number): void {
    this.workLeft -= units
    if (this.workLeft < 0)
      throw new StudioError(
        'patch_too_large',
        'Applying the patch takes too much work; split it, or replace the whole content.',
      )
  }

  move(value: Json, level: number): void {
    this.work(1)
    if (!isContainer(value)) return
    checkDepth(level)
    for (const child of Array.isArray(value) ? value : Object.values(value)) this.move(child, level + 1)
  }

  copy(value: Json, level: number): Json {
    this.work(1)
    if (!isContainer(value)) {
      this.grow(typeof value === 'string' ? value.length + 2 : 1)
      return value
    }
    checkDepth(level)
    this.grow(2)
    if (Array.isArray(value)) {
      const copy: Json[] = []
      for (const item of value) copy.push(this.copy(item, level + 1))
      return copy
    }
    const copy: JsonObject = {}
    // Parsed JSON inherits nothing that is enumerable, and this is the fastest way through its members.
    for (const name in value) {
      this.grow(name.length + 3)
      setOwnMember(copy, name, this.copy(value[name] as Json, level + 1))
    }
    return copy
  }

  /** Never more than the serialised size, so that nothing that would fit is refused: a number counts as one byte. */
  private grow(bytes: number): void {
    this.bytesLeft -= bytes
    if (this.bytesLeft < 0)
      throw new StudioError('patch_too_large', `The patch adds more than ${this.limits.bytes} bytes.`)
  }
}

function checkDepth(level: number): void {
  if (level >= maximumDepth)
    throw new StudioError('patch_too_large', `The result would be nested deeper than ${maximumDepth} levels.`)
}
