import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino'
import { currentContext, currentTrace } from './context.ts'

export type Logger = PinoLogger

const secrets = ['authorization', 'token', 'secret', 'password', 'api_key', 'apiKey', 'cookie']

/**
 * A pino logger that writes JSON lines to stdout. Each line carries the service, the trace id and the ids of the context
 * (tenant, blob, cascade, run, request) that it is written in. Fields that are named like a secret are replaced; content is never logged.
 */
export function createLogger(options: { service: string; level?: string; destination?: DestinationStream }): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: stdTimeFunctions.isoTime,
    messageKey: 'message',
    errorKey: 'error',
    formatters: { level: (level: string) => ({ level }) },
    mixin: () => {
      const trace = currentTrace()
      return trace ? { trace_id: trace.traceId, ...currentContext() } : { ...currentContext() }
    },
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]), censor: '[hidden]' },
  }
  return options.destination ? pino(settings, options.destination) : pino(settings)
}
