import { hasCode } from '@studio/supervisor'

/** A failure whose message is all that its reader needs: what is wrong, and what to do. */
export class UserError extends Error {
  readonly code = 'user_error'
}

/** True for a UserError. */
export function isUserError(error: unknown): error is UserError {
  return hasCode(error, 'user_error')
}
