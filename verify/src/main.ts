import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker'
import { pino, stdTimeFunctions } from 'pino'
import { readConfig } from './config.ts'
import { serveHealth } from './health.ts'
import { hostVerifier } from './verifier.ts'

/** The process `verifier`: works off verifications that were asked for at REST, answers health probes, ends on SIGTERM. */

const drainMs = 9000

const config = readConfig()
const log = pino({
  level: config.LOG_LEVEL,
  base: { service: 'verifier' },
  timestamp: stdTimeFunctions.isoTime,
  messageKey: 'message',
  errorKey: 'error',
  formatters: { level: (level) => ({ level }) },
})
Runtime.install({
  shutdownSignals: [],
  logger: new DefaultLogger('WARN', ({ level, message }) => log[level === 'ERROR' ? 'error' : 'warn'](message)),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
})

const verifier = hostVerifier(config, log)
const server = await serveHealth(config, { temporal: verifier.checkPolling, database: verifier.checkDatabase })
log.info({ host: config.HOST, port: config.PORT }, 'listening')

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    log.info({ reason: signal }, 'stopping')
    // What is under way only reads, and is tried again elsewhere.
    setTimeout(() => process.exit(0), drainMs).unref()
    void verifier.close().then(() => server.close(() => process.exit(0)))
  })
