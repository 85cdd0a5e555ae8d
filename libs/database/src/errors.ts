import { StudioError } from '@studio/kernel'

// PostgreSQL's error codes, appendix A of its manual.
const code = {
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  inFailedTransaction: '25P02',
  queryCanceled: '57014',
  adminShutdown: '57P01',
  crashShutdown: '57P02',
  cannotConnectNow: '57P03',
  tooManyConnections: '53300',
} as const

const unavailable = new Set<string>([
  code.adminShutdown,
  code.crashShutdown,
  code.cannotConnectNow,
  code.tooManyConnections,
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
])

// The driver gives these no code.
const lostConnection =
  /Connection terminated|timeout exceeded when trying to connect|Client was closed|Client has encountered a connection error|not queryable/

/** The SQLSTATE of an error of the database (or of the one that caused it), else undefined. */
export function postgresCode(error: unknown): string | undefined {
  const of = databaseError(error)
  return of === undefined ? undefined : of.code
}

/** True where a row would have been the second of its key; of the given constraint or index, where one is named. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const of = databaseError(error)
  return of?.code === code.uniqueViolation && (constraint === undefined || of.constraint === constraint)
}

/** True where the same transaction may well succeed when it runs again. */
export function isRetryable(error: unknown): boolean {
  const found = postgresCode(error)
  return found === code.serializationFailure || found === code.deadlockDetected
}

/** True where a statement was refused because one before it in the transaction had failed. */
export function isAborted(error: unknown): boolean {
  return postgresCode(error) === code.inFailedTransaction
}

/**
 * A lost or unreachable database becomes `dependency_unavailable`, a statement that took too long `timeout`; every other error stays what
 * it is.
 */
export function toStudioError(error: unknown): unknown {
  const found = codeOf(error)
  if (found === code.queryCanceled)
    return new StudioError('timeout', 'The database did not answer in time.', { cause: error })
  const lost =
    found === undefined
      ? lostConnection.test(String((error as { message?: unknown } | null)?.message))
      : unavailable.has(found) || found.startsWith('08')
  return lost ? new StudioError('dependency_unavailable', 'The database does not answer.', { cause: error }) : error
}

interface DatabaseFault {
  code: string
  constraint?: string
}

function databaseError(error: unknown): DatabaseFault | undefined {
  for (let current = error, depth = 0; typeof current === 'object' && current !== null && depth < 5; depth++) {
    const fault = current as { code?: unknown; severity?: unknown; cause?: unknown }
    // Every error report of the server has a severity; Node's own errors and ours have none.
    if (typeof fault.code === 'string' && fault.severity !== undefined) return fault as DatabaseFault
    current = fault.cause
  }
  return undefined
}

function codeOf(error: unknown): string | undefined {
  // A host with several addresses fails with all their errors at once.
  const { code: own, errors } = (error ?? {}) as { code?: unknown; errors?: readonly { code?: unknown }[] }
  const found = own ?? errors?.[0]?.code
  return typeof found === 'string' ? found : undefined
}
