import type { Client } from '@studio/clients'
import type { blobApi, Publishing } from '@studio/contracts'
import { failpoint } from '@studio/kernel'

/** Where publications wait until blob knows them. */
export interface Untold {
  listUntold(): Promise<string[]>
  readUntold(tenantId: string): Promise<Publishing[]>
  markTold(tenantId: string, told: readonly Publishing[]): Promise<void>
}

/** Tells blob what readers are to see. */
export interface Publisher {
  /** A tenant has published something. Failures are told to `onFailure`; the next `tellAll` repeats it. */
  poke(tenantId: string): void
  /** Tells all that blob has not been told, of each tenant what it can. */
  tellAll(): Promise<void>
  close(): Promise<void>
}

/** One request a tenant at a time; what comes meanwhile goes together in the next one. Repeatable, so that any number of processes may do it. */
export function createPublisher(
  untold: Untold,
  blob: Client<typeof blobApi>,
  onFailure: (tenantId: string, error: unknown) => void,
): Publisher {
  const waiting = new Set<string>()
  let working: Promise<void> | null = null

  const tell = async (tenant_id: string): Promise<void> => {
    const items = await untold.readUntold(tenant_id)
    if (items.length === 0) return
    failpoint('dag.publish.before')
    await blob.call('publish', { tenant_id, items })
    failpoint('dag.publish.after')
    await untold.markTold(tenant_id, items)
  }
  const tellWhatCanBe = (tenantId: string): Promise<void> =>
    tell(tenantId).catch((error: unknown) => onFailure(tenantId, error))
  const work = async (): Promise<void> => {
    for (const tenantId of waiting) {
      waiting.delete(tenantId)
      await tellWhatCanBe(tenantId)
    }
    working = null
  }
  return {
    poke(tenantId) {
      waiting.add(tenantId)
      working ??= work()
    },
    async tellAll() {
      for (const tenantId of await untold.listUntold()) await tellWhatCanBe(tenantId)
    },
    async close() {
      await working
    },
  }
}
