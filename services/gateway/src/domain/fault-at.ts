import { isStudioError, StudioError, type FieldError } from '@studio/kernel'

/**
 * The fault of a part of a request: its places start at that part, which is the place itself where the fault names none. What nobody foresaw
 * stays what it is.
 */
export function faultAt(place: string, error: unknown, extensions: Record<string, unknown> = {}): unknown {
  if (!isStudioError(error)) return error
  const inPart = placesOf(error) ?? [{ pointer: '', detail: error.message }]
  const errors = inPart.map(({ pointer, detail }) => ({ pointer: `${place}${pointer}`, detail }))
  const message = errors.map(({ pointer, detail }) => `${pointer}: ${detail}`)[0]
  return new StudioError(error.code, message, {
    cause: error.cause,
    extensions: { ...error.extensions, ...extensions, errors },
  })
}

/** The places that a fault names. */
export function placesOf({ extensions }: StudioError): FieldError[] | undefined {
  return extensions['errors'] as FieldError[] | undefined
}
