import { StudioError } from '@studio/kernel'

// An odd number of backslashes before it: an escape, and not the text of one.
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/

/**
 * Refuses a JSON value that is larger than `limit` bytes or holds what a database can't keep as text: NUL characters and halves of surrogate
 * pairs (JSON.stringify shows the latter as escapes). `pointer` names the value in the request.
 */
export function checkStorable(value: unknown, pointer: string, limit: number): void {
  const text = JSON.stringify(value)
  if (Buffer.byteLength(text) > limit) throw refused(pointer, `must be at most ${limit} bytes of JSON`)
  if (unstorable.test(text)) throw refused(pointer, 'must be well-formed Unicode without NUL characters')
}

/** An `invalid_request` about one place. */
export function refused(pointer: string, detail: string): StudioError {
  return new StudioError('invalid_request', `${pointer || 'The body'}: ${detail}`, {
    extensions: { errors: [{ pointer, detail }] },
  })
}
