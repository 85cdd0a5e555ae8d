import type { Logger } from '@studio/telemetry'
import { packHistory, type HistoryStore } from './domain/pack-history.ts'
import { contentsPacked } from './telemetry.ts'

/** Packs history every `everyMs` while nobody writes, never twice at a time; `close` ends a round that is under way after its current content. */
export function startPacker(
  store: HistoryStore,
  { everyMs, log }: { everyMs: number; log: Logger },
): { close(): Promise<void> } {
  const stopped = new AbortController()
  const rounds = { clock: () => new Date(), roundMs: everyMs, signal: stopped.signal }
  const round = async (): Promise<void> => {
    try {
      const { packed, saved } = await packHistory(store, rounds)
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
