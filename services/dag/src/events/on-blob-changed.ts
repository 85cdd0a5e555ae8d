import type { BlobFact, StudioEvent } from '@studio/contracts'
import { failpoint } from '@studio/kernel'
import { span } from '@studio/telemetry'
import { applyBlobFacts } from '../domain/apply-blob-facts.ts'
import type { Arrivals, CascadeBell, GraphStore, Providers } from '../domain/ports.ts'

/** studio.blob.created | updated | deleted: one transaction a tenant and batch. */
export function onBlobChanged(deps: {
  store: GraphStore
  providers: Providers
  bell: CascadeBell
  arrivals: Arrivals
}) {
  return async (events: readonly StudioEvent[]): Promise<void> => {
    const byTenant = new Map<string, BlobFact[]>()
    for (const event of events) {
      if (
        event.type !== 'studio.blob.created' &&
        event.type !== 'studio.blob.updated' &&
        event.type !== 'studio.blob.deleted'
      )
        continue
      const facts = byTenant.get(event.subject)
      if (facts) facts.push(...event.data.facts)
      else byTenant.set(event.subject, [...event.data.facts])
    }
    for (const [tenantId, facts] of byTenant) {
      const [first] = facts
      failpoint('dag.events.before')
      await span(
        'dag.blob-changed',
        { parent: first?.traceparent ?? undefined, attributes: { facts: facts.length } },
        () => applyBlobFacts(deps, tenantId, facts),
      )
      failpoint('dag.events.after')
    }
  }
}
