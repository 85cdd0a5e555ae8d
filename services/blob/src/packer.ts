import type { Logger } from '@studio/telemetry'
import { packHistory, type HistoryStore } from './domain/pack-history.ts'
import { contentsPacked } from './telemetry.ts'

/** Packs history every `everyMs`, never twice at a time; `close` ends a round that is under way after its current content. */
export function startPacker(
  store: HistoryStore,
  { everyMs, log }: { everyMs: number; log: Logger },
): { close(): Promise<void> } {
  const stopped = new AbortController()
  const round = async (): Promise<void> => {
    try {
      const { packed, saved } = await packHistory(store, new Date(), stopped.signal)
      contentsPacked(log, packed, saved)
    } catch (error) {
      log.warn({ error }, 'packing history failed; the next round tries again')
    }
  }
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= round().finally(() => (running = undefined))
  }, everyMs)
  return {
    close: async () => {
      clearInterval(timer)
      stopped.abort()
      await running
    },
  }
}
