import type { Blob } from '@studio/contracts'
import { cacheHitRate, type Logger } from '@studio/telemetry'

const cache = cacheHitRate()

/** Look-ups in the cache of verified tokens. */
export const tokenCache = {
  hit: () => cache.hit('tokens'),
  miss: () => cache.miss('tokens'),
}

/** A client's change was committed and is about to be answered. */
export function changeAccepted(log: Logger, operation: string, blob: Blob): void {
  log.info({ blob_id: blob.id, version: blob.version, operation, size: blob.size }, 'change accepted')
}

/** A client's list of changes was taken on, and is about to be answered. */
export function operationsAccepted(log: Logger, list: 'batch' | 'bulk', operations: number, applied: number): void {
  log.info({ list, operations, applied }, 'operations accepted')
}

/** A job was taken on. */
export function jobAccepted(log: Logger, job: { id: string; provider_id: string; blob_id: string }): void {
  log.info({ job_id: job.id, provider_id: job.provider_id, blob_id: job.blob_id }, 'job accepted')
}

/** A request failed because another part of the studio is away or late. */
export function dependencyFailed(log: Logger, error: Error & { code: string }): void {
  log.warn({ code: error.code, reason: error.message }, 'dependency failed')
}
