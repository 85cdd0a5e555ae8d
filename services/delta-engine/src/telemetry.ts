import { deltaApplicationDuration, type Logger } from '@studio/telemetry'
import type { Events } from './domain/ports.ts'

const application = deltaApplicationDuration()

/** What happens to deltas, as log lines and metrics. */
export function createEvents(log: Logger): Events {
  return {
    applied: ({ id, tenant_id, blob_id, operation, version, seconds }) => {
      application.observe(operation, seconds)
      log.info({ delta_id: id, tenant_id, blob_id, operation, version }, 'delta applied')
    },
    failed: ({ id, tenant_id, blob_id, operation, code }) => {
      log.info({ delta_id: id, tenant_id, blob_id, operation, code }, 'delta failed')
    },
    fault: (error) => log.error({ err: error }, 'a delta met an error that nobody foresaw'),
    swept: (counts) => log.warn(counts, 'mended what an interruption left'),
  }
}

/** Marking deltas failed; the sweeper will do it. */
export function recordingFailed(log: Logger, error: unknown, deltas: number): void {
  log.warn({ err: error, deltas }, 'deltas could not be recorded; the sweeper will do it')
}

/** A sweep failed; the next one comes. */
export function sweepFailed(log: Logger, error: unknown): void {
  log.warn({ err: error }, 'the sweep failed')
}
