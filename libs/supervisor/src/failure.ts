import { hasCode } from './error-shape.ts'

/** A part that did not get ready, or died and was given up. */
export class PartFailure extends Error {
  readonly code = 'part_failed'
  readonly part: string
  /** The last lines that the part wrote, oldest first. */
  readonly tail: string[]

  constructor(part: string, reason: string, tail: string[], cause?: unknown) {
    super(`${part}: ${reason}`, { cause })
    this.part = part
    this.tail = tail
  }
}

/** True for a PartFailure, also one of another realm. */
export function isPartFailure(error: unknown): error is PartFailure {
  return hasCode(error, 'part_failed')
}
