import { purgePortion, type blobPurgeRoutes, type deltaPurgeRoutes } from '@studio/contracts'
import { failpoint } from '@studio/kernel'
import type { z } from 'zod'
import type { CascadeBell, GraphStore } from '../ports.ts'
import { beginPurge } from './begin-purge.ts'
import { judgeUnknown } from './judge-unknown.ts'
import type { OpenPurge, Purges } from './ports.ts'
import { takeAlong } from './take-along.ts'

type Ask<Routes extends Record<string, { request: z.ZodType; response: z.ZodType }>> = {
  readonly [Name in keyof Routes]: (
    request: z.input<Routes[Name]['request']>,
  ) => Promise<z.output<Routes[Name]['response']>>
}

export interface PurgeDeps {
  readonly store: GraphStore
  readonly purges: Purges
  readonly bell: CascadeBell
  readonly blob: Pick<Ask<typeof blobPurgeRoutes>, 'endOverlays' | 'fence' | 'listUnknown' | 'eraseContents'>
  readonly delta: Ask<typeof deltaPurgeRoutes>
}

/**
 * Carries a purge as far as it goes now; answers whether it is done. The order is what makes it safe: first no claim can read the content (`beginPurge`), then no
 * attempt of before can be committed (`fence`), so what is found then is all that will ever be, and it is erased. Every step may be done twice, and by two processes at a time.
 */
export async function advancePurge(deps: PurgeDeps, purge: OpenPurge): Promise<boolean> {
  const { store, purges, blob, delta } = deps
  const { tenant_id } = purge
  if (purge.secret === null) {
    // Before anything is derived anew: that must not be merged with an edit that was made on what goes.
    for (const part of portions(await purges.listEdited(purge))) await blob.endOverlays({ tenant_id, blobs: part })
    const begun = await store.transaction(tenant_id, (graph) => beginPurge(graph, purge))
    failpoint('dag.purge.begun')
    if (begun) deps.bell.ring(tenant_id, begun.ring)
    return false
  }
  const secret = purge.secret.toString('base64')
  const { blobs, fed } = await purges.readScope(purge)
  let missing = 0
  for (const part of portions(blobs)) await blob.fence({ tenant_id, blobs: part, fences: [] })
  for (const part of portions(fed)) {
    await blob.fence({ tenant_id, blobs: [], fences: part.map(({ blob_id, epoch }) => ({ blob_id, epoch })) })
    const asked = part.map(({ blob_id, known }) => ({ blob_id, known: [...known] }))
    const { versions } = await blob.listUnknown({ tenant_id, blobs: asked })
    if (versions.length === 0) continue
    const isOpen = await store.transaction(tenant_id, (graph) => judgeUnknown(graph, purge.id, versions))
    if (isOpen) missing += 1
  }

  for (const part of portions(blobs)) {
    const { blobs: sized } = await blob.eraseContents({ tenant_id, secret, blobs: part, versions: [] })
    missing += (await delta.eraseDeltas({ tenant_id, secret, blobs: sized, versions: [] })).missing
  }
  for (const part of portions((await purges.readScope(purge)).versions)) {
    const { along } = await blob.eraseContents({ tenant_id, secret, blobs: [], versions: part })
    const isOpen =
      along.length > 0 && (await store.transaction(tenant_id, (graph) => takeAlong(graph, purge.id, along)))
    if (isOpen) missing += 1
    for (const versions of portions([...part, ...along.map(({ blob_id, version }) => ({ blob_id, version }))]))
      missing += (await delta.eraseDeltas({ tenant_id, secret, blobs: [], versions })).missing
  }
  if (missing > 0) return false
  failpoint('dag.purge.erased')
  await purges.finish(purge.id)
  return true
}

function portions<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / purgePortion) }, (_, at) =>
    items.slice(at * purgePortion, (at + 1) * purgePortion),
  )
}
