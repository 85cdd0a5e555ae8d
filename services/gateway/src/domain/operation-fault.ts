import { StudioError } from '@studio/kernel'
import { faultAt, placesOf } from './fault-at.ts'

/** The fault of one operation of a list, as it stands in the body: it names the operation (from 0). */
export function faultInBody(index: number, error: unknown): unknown {
  return faultAt(`/operations/${index}`, error, { operation: index })
}

/** The same for what delta-engine refused: its places, where it names some, lie in the patch or the content and stay what they are. */
export function faultInChange(index: number, error: StudioError): StudioError {
  const detail = error.message
  return new StudioError(error.code, `Operation ${index}: ${detail}`, {
    cause: error.cause,
    extensions: {
      ...error.extensions,
      operation: index,
      errors: placesOf(error) ?? [{ pointer: `/operations/${index}`, detail }],
    },
  })
}
