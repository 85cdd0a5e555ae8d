import { isStudioError, StudioError, type FieldError } from '@studio/kernel'

/**
 * The fault of one operation of a list: it names the operation (from 0), and its places in the body start at that operation. What nobody
 * foresaw stays what it is.
 */
export function faultInBody(index: number, error: unknown): unknown {
  if (!isStudioError(error)) return error
  const place = `/operations/${index}`
  const { errors } = error.extensions as { errors?: FieldError[] }
  const placed = errors?.map(({ pointer, detail }) => ({ pointer: `${place}${pointer}`, detail }))
  return withOperation(index, error, placed)
}

/** The same for what delta-engine refused: its places, where it names some, lie in the patch or the content and stay what they are. */
export function faultInChange(index: number, error: StudioError): StudioError {
  return withOperation(index, error, error.extensions['errors'] as FieldError[] | undefined)
}

function withOperation(index: number, error: StudioError, errors: FieldError[] | undefined): StudioError {
  const detail = error.message
  return new StudioError(error.code, `Operation ${index}: ${detail}`, {
    cause: error.cause,
    extensions: {
      ...error.extensions,
      operation: index,
      errors: errors ?? [{ pointer: `/operations/${index}`, detail }],
    },
  })
}
