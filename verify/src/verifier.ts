import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { NativeConnection, Worker } from '@temporalio/worker'
import type { Logger } from 'pino'
import { Counter } from 'prom-client'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config.ts'
import { summarise, type Summary } from './summary.ts'
import { withSnapshot } from './with-snapshot.ts'

const verifications = new Counter({
  name: 'studio_verifications_total',
  help: 'Verifications that were worked off at REST, by what became of them',
  labelNames: ['outcome'],
})

const heartbeatMs = 3000
const pauseMs = 500

export interface Verifier {
  /** Each rejects while that part does not answer. */
  checkPolling(): Promise<void>
  checkDatabase(): Promise<void>
  /** Gives back what is under way. */
  close(): Promise<void>
}

/** Polls the queue `verify`, for as long as the process lives: one verification at a time, since each may take a core for itself. */
export function hostVerifier({ DATABASE_URL, TEMPORAL_HOST, TEMPORAL_NAMESPACE }: Config, log: Logger): Verifier {
  const stopping = new AbortController()
  let worker: Worker | undefined

  const work = async (): Promise<void> => {
    const connection = await connect(TEMPORAL_HOST, log, stopping.signal)
    if (!connection) return
    try {
      worker = await Worker.create({
        connection,
        namespace: TEMPORAL_NAMESPACE,
        taskQueue: 'verify',
        activities: { verify: (tenantId: string) => verifyTenant(DATABASE_URL, tenantId, log) },
        maxConcurrentActivityTaskExecutions: 1,
        shutdownGraceTime: '1s',
        shutdownForceTime: '8s',
      })
      log.info('polls its queue')
      if (!stopping.signal.aborted) await worker.run()
    } finally {
      await connection.close()
    }
  }
  const working = work()

  return {
    checkPolling: async () => {
      if (worker?.getState() !== 'RUNNING') throw new Error('the worker does not poll')
    },
    checkDatabase: () => withSnapshot(DATABASE_URL, async () => undefined),
    close: async () => {
      stopping.abort()
      if (worker?.getState() === 'RUNNING') worker.shutdown()
      await working
    },
  }
}

async function connect(address: string, log: Logger, signal: AbortSignal): Promise<NativeConnection | undefined> {
  while (!signal.aborted) {
    try {
      return await NativeConnection.connect({ address })
    } catch {
      log.warn({ part: 'temporal' }, 'waiting for a part of the studio')
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }
  return undefined
}

/** The activity. Its failures say nothing of what went wrong, since that may quote content and histories are kept: the log says where. */
async function verifyTenant(databaseUrl: string, tenantId: string, log: Logger): Promise<Summary> {
  const { heartbeat, cancelled } = Context.current()
  const beating = setInterval(() => heartbeat(), heartbeatMs)
  try {
    // Here, so that a verifier that nobody asks does not hold the providers in memory.
    const { verify } = await import('./verify.ts')
    const summary = await withSnapshot(databaseUrl, async (client, asOf) =>
      summarise(await Promise.race([verify(client, tenantId), cancelled]), asOf),
    )
    verifications.inc({ outcome: summary.divergences === 0 ? 'sound' : 'divergent' })
    log.info({ tenant_id: tenantId, divergences: summary.divergences, codes: summary.codes }, 'verified')
    return summary
  } catch (error) {
    if (Context.current().cancellationSignal.aborted) throw error
    verifications.inc({ outcome: 'failed' })
    log.error({ tenant_id: tenantId, ...whereOf(error) }, 'a verification could not be brought to its end')
    throw ApplicationFailure.create({
      message: 'It could not be brought to its end: the log of the verifier says why.',
    })
  } finally {
    clearInterval(beating)
  }
}

/** What an error is and where it came from, without its message. */
function whereOf(error: unknown): { name: string; code?: unknown; at?: string[] } {
  if (!(error instanceof Error)) return { name: typeof error }
  const at = error.stack?.split('\n').filter((line) => line.trimStart().startsWith('at '))
  return { name: error.name, code: 'code' in error ? error.code : undefined, at }
}
