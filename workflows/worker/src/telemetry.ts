import type { Logger } from '@studio/telemetry'

export function providersRegistered(log: Logger, taskQueue: string, providers: readonly string[]): void {
  log.info({ task_queue: taskQueue, providers }, 'providers registered')
}

export function waitingFor(log: Logger, part: string, error: unknown): void {
  log.warn({ part, error }, 'waiting for a part of the studio')
}

export function workerRunning(log: Logger, taskQueue: string): void {
  log.info({ task_queue: taskQueue }, 'worker polls its queue')
}
