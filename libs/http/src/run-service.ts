import { startTelemetry, type Logger } from '@studio/telemetry'
import { ListenError } from './listen.ts'

/** What is running; `close` finishes what is in flight and lets everything go. */
export interface RunningService {
  close(): Promise<void>
}

export interface ServiceOptions {
  service: string
  log: Logger
  otlpEndpoint?: string | undefined
  start: () => Promise<RunningService>
}

const drainDeadlineMs = 10_000

/**
 * The life of a process: starts it, drains it on SIGTERM or SIGINT (exit 0 within 10 s) and ends it with exit 1 where the start or
 * something that nobody caught fails, with one log line that says why.
 */
export async function runService({ service, log, otlpEndpoint, start }: ServiceOptions): Promise<void> {
  let running: RunningService | undefined
  let stopping = false
  const telemetry = await startTelemetry({ service, endpoint: otlpEndpoint })

  const stop = async (reason: string, exitCode: number): Promise<void> => {
    if (stopping) return
    stopping = true
    log.info({ reason }, 'stopping')
    setTimeout(() => {
      log.warn('what was in flight did not finish in time')
      process.exit(exitCode || 1)
    }, drainDeadlineMs).unref()
    try {
      await running?.close()
      await telemetry.shutdown().catch((error: unknown) => log.warn({ error }, 'the last traces were not sent'))
      log.info('stopped')
      process.exit(exitCode)
    } catch (error) {
      log.error({ error }, 'stopping failed')
      process.exit(1)
    }
  }

  const uncaught = (error: unknown): void => {
    log.fatal({ error }, 'an error that nobody caught')
    void stop('uncaught error', 1)
  }
  process.on('uncaughtException', uncaught)
  process.on('unhandledRejection', uncaught)
  process.once('SIGTERM', () => void stop('SIGTERM', 0))
  process.once('SIGINT', () => void stop('SIGINT', 0))

  try {
    const started = await start()
    running = started
    // A signal that came during the start found nothing to close.
    if (stopping) await started.close()
  } catch (error) {
    if (error instanceof ListenError) log.fatal(error.message)
    else log.fatal({ error }, 'the start failed')
    process.exit(1)
  }
}
