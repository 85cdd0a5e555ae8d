import { errorCatalogue, fromProblem, StudioError, type Problem } from '@studio/kernel'
import { Pool, type Dispatcher } from 'undici'

/** Faults of a request that never reached the callee: sending it again repeats nothing. */
const neverSent = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'ENOTFOUND', 'EAI_AGAIN'])
/** Faults after which the callee may have done its work. */
const broken = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'])
const late = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** A service that is being restarted is back within seconds; longer than this nobody is made to wait. */
const rideOutMs = 8_000
const firstDelayMs = 40
const mostDelayMs = 800

export function openPool(baseUrl: string, connections: number): Pool {
  // The keep-alive is shorter than the server's 65 s, so that this side closes first.
  return new Pool(baseUrl, {
    connections,
    pipelining: 1,
    keepAliveTimeout: 50_000,
    keepAliveMaxTimeout: 50_000,
    connectTimeout: 3_000,
  })
}

/**
 * Sends a request, again with growing delays while the service cannot be reached, and where the connection broke only if `idempotent`. Ends
 * with `dependency_unavailable` or `timeout`; an abort of the caller goes through as it is.
 */
export async function sendWithRetries<Answer>(
  service: string,
  idempotent: boolean,
  signal: AbortSignal | undefined,
  send: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = performance.now() + rideOutMs
  for (let delay = firstDelayMs; ; delay = Math.min(delay * 2, mostDelayMs)) {
    try {
      return await send()
    } catch (error) {
      if (signal?.aborted) throw error
      const code = faultOf(error)
      if (code === undefined) throw error
      if (late.has(code)) throw new StudioError('timeout', `${service} did not answer in time.`, { cause: error })
      const again = neverSent.has(code) || (idempotent && broken.has(code))
      if (!again || performance.now() + delay > deadline) {
        throw new StudioError('dependency_unavailable', `${service} does not answer.`, { cause: error })
      }
      await wait(delay * (0.5 + Math.random()), signal)
    }
  }
}

/** The StudioError that an answer other than success stands for. */
export async function refusalOf(
  service: string,
  statusCode: number,
  body: Dispatcher.ResponseData['body'],
): Promise<StudioError> {
  const text = await body.text()
  try {
    const problem = JSON.parse(text) as Partial<Problem>
    if (typeof problem.code === 'string' && problem.code in errorCatalogue) return fromProblem(problem as Problem)
  } catch {
    // Not ours: something between us answered.
  }
  return new StudioError('dependency_unavailable', `${service} answered with status ${statusCode}.`)
}

function faultOf(error: unknown): string | undefined {
  // A host with several addresses fails with all their errors at once.
  const { code: own, errors } = (error ?? {}) as { code?: unknown; errors?: readonly { code?: unknown }[] }
  const code = own ?? errors?.[0]?.code
  return typeof code === 'string' && (neverSent.has(code) || broken.has(code) || late.has(code)) ? code : undefined
}

function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(finish, milliseconds)
    const abort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', abort, { once: true })
    function finish(): void {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
  })
}
