import type { Logger } from '@studio/telemetry'
import { collectStagedContents, type CollectBatch } from './domain/collect-contents.ts'
import { contentsCollected } from './telemetry.ts'

const everyMs = 60 * 60 * 1000

/** Collects unused staged contents now and each hour; `close` waits for a round that is under way. */
export function startCollector({ collect, log }: { collect: CollectBatch; log: Logger }): { close(): Promise<void> } {
  const round = async (): Promise<void> => {
    try {
      const { collected, bytes } = await collectStagedContents(collect, new Date())
      contentsCollected(log, collected, bytes)
    } catch (error) {
      log.warn({ error }, 'collecting staged contents failed; the next round tries again')
    }
  }
  let current = round()
  const timer = setInterval(() => (current = current.then(round)), everyMs)
  return {
    close: async () => {
      clearInterval(timer)
      await current
    },
  }
}
