import type { dagApi, PastGraph } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Context } from '../context.ts'
import { placeNodes } from '../domain/place-nodes.ts'
import { assertComplete, provenanceOf, type MadeVersion } from '../domain/provenance.ts'
import { readBelowAt, readCascadeTimes } from '../store/past-reader.ts'
import { readMadeVersions } from '../store/provenance-reader.ts'

/** Most versions that blob tells of in one answer. */
const versionsPerCall = 5000

/** Graphs as they were, and what versions were made of. */
export function pastRoutes(context: Context): Pick<Handlers<typeof dagApi>, 'readPastGraph' | 'readProvenance'> {
  const { database, blob } = context

  const momentOf = async (
    tenantId: string,
    point: { at: string } | { cascade_id: string },
  ): Promise<Pick<PastGraph, 'at' | 'cascade'>> => {
    if ('at' in point) return { at: point.at, cascade: null }
    const found = await readCascadeTimes(database, tenantId, point.cascade_id)
    if (!found) throw new StudioError('cascade_not_found', `There is no cascade ${point.cascade_id}.`)
    return { at: found.cascade.settled_at ?? found.now, cascade: found.cascade }
  }

  const deltasOf = async (tenant_id: string, versions: readonly MadeVersion[]): Promise<Map<MadeVersion, string>> => {
    const deltas = new Map<MadeVersion, string>()
    for (let start = 0; start < versions.length; start += versionsPerCall) {
      const some = versions.slice(start, start + versionsPerCall)
      const { items } = await blob.call('readVersions', {
        items: some.map(({ blob_id, version }) => ({ tenant_id, blob_id, version })),
      })
      for (const [at, one] of some.entries()) {
        const delta = items[at]?.delta_id
        if (delta !== undefined) deltas.set(one, delta)
      }
    }
    return deltas
  }

  return {
    readPastGraph: async ({ tenant_id, blob_id, point }) => {
      const { at, cascade } = await momentOf(tenant_id, point)
      const { nodes, edges } = await readBelowAt(database, tenant_id, blob_id, at)
      if (nodes.length === 0) return { graph: null }
      return { graph: { root_id: blob_id, at, cascade, edges, ...placeNodes(nodes, edges) } }
    },
    readProvenance: async ({ tenant_id, blob_id, version }) => {
      const made = await readMadeVersions(database, tenant_id, blob_id, version)
      assertComplete(made)
      const deltas = await deltasOf(
        tenant_id,
        made.filter(({ run }) => run === null),
      )
      const [asked] = made
      // Neither a run nor a delta: blob does not have it.
      if (!asked || (asked.run === null && !deltas.has(asked))) return { provenance: null }
      return { provenance: { blob_id, version, ...provenanceOf(made, (one) => deltas.get(one) ?? null) } }
    },
  }
}
