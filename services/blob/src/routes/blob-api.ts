import { answeredContents, type blobApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import { failpoint } from '@studio/kernel'
import type { Context } from '../context.ts'
import { commitAtomically } from '../domain/commit-atomically.ts'
import { commitDeltas } from '../domain/commit-deltas.ts'
import { commitsRejected, deltasRefused, versionsCommitted } from '../telemetry.ts'
import { purgeHandlers } from './purges.ts'

/** The internal API of this service. */
export function blobHandlers(context: Context): Handlers<typeof blobApi> {
  const { log, relay, store } = context
  return {
    ...purgeHandlers(context),
    commit: async ({ items }) => {
      const started = performance.now()
      const outcomes = await commitDeltas(store, items, (written) => {
        relay.poke()
        versionsCommitted(log, written, (performance.now() - started) / 1000)
      })
      commitsRejected(log, items, outcomes)
      return { items: outcomes }
    },
    commitAtomically: async ({ items }) => {
      const started = performance.now()
      const outcome = await commitAtomically(store, items, (written) => {
        relay.poke()
        versionsCommitted(log, written, (performance.now() - started) / 1000)
      })
      const refused = outcome.status === 'refused' && items[outcome.position]
      if (refused) commitsRejected(log, [refused], [outcome.outcome])
      return outcome
    },
    readOverlays: async ({ items }) => ({ items: await store.readOverlays(items) }),
    moveOverlays: async ({ items }) => ({ items: await store.moveOverlays(items) }),
    readBlobs: async ({ items }) => ({ items: await store.readBlobs(items) }),
    listBlobs: (request) => store.listBlobs(request),
    readPublished: async ({ items }) => ({ items: await store.readPublished(items) }),
    listPublished: (request) => store.listPublished(request),
    readPublishedSet: async (request) => ({ set: await store.readPublishedSet(request) }),
    publish: async ({ tenant_id, items }) => {
      failpoint('blob.publish.before')
      const moved = await store.publish(tenant_id, items)
      failpoint('blob.publish.after')
      return { moved }
    },
    readVersions: async ({ items }) => ({ items: await store.readVersions(items) }),
    readVersionAt: async (request) => ({ version: await store.readVersionAt(request) }),
    listVersions: (request) => store.listVersions(request),
    readContents: async ({ items }) => {
      const contents = await store.readContentsWithin(items, answeredContents)
      return {
        items: contents.map((content) => {
          if (content === null) return null
          if (content === 'purged') return { purged: true }
          return typeof content === 'number' ? { size: content } : { base64: content.toString('base64') }
        }),
      }
    },
    settleDeltas: async ({ delta_ids, refuse }) => {
      const items = await store.settleDeltas(delta_ids, refuse)
      if (refuse)
        deltasRefused(
          log,
          items.filter(({ status }) => status === 'refused').map(({ delta_id }) => delta_id),
        )
      return { items }
    },
    listTransforms: (request) => store.listTransforms(request),
  }
}
