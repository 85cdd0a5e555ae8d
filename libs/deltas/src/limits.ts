/** Most levels of arrays and objects in a JSON document, whether given or made by a patch. */
export { maximumJsonDepth as maximumDepth } from '@studio/kernel'

/** What applying one patch may cost; over it the patch is refused with `patch_too_large`. */
export interface PatchLimits {
  /** Operations of one patch document. */
  readonly operations: number
  /** Values looked at, copied or moved while applying; about 50 ns each. */
  readonly work: number
  /** Bytes that operations may add, counted while applying, and bytes of the result. */
  readonly bytes: number
}

export const defaultPatchLimits: PatchLimits = { operations: 10_000, work: 2_000_000, bytes: 16_777_216 }

/** Arrays, objects and members that one patch document may have; more of them take more than 50 ms to be read and written. */
export const maximumPatchExtent = 65_536
