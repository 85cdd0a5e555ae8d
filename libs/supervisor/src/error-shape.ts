/**
 * True for an error with this code. Looks at the shape, never at the class: Node's own errors are no `instanceof Error` of another
 * realm, such as a Jest test's.
 */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code
}

/** The message of whatever was thrown, with the reason that fetch hides in `cause`. */
export function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error)
  const message = String(error.message)
  if (!('cause' in error) || typeof error.cause !== 'object' || error.cause === null) return message
  const { message: reason, code } = error.cause as { message?: string; code?: string }
  const cause = reason || code
  return cause && !message.includes(cause) ? `${message}: ${cause}` : message
}
