import { subjectOf, type ProviderFact, type StudioEvent } from '@studio/contracts'
import { newId } from '@studio/kernel'

type ProviderEvent = Extract<StudioEvent, { type: `studio.provider.${string}` }>

/** An event of the registry, as a row of the outbox. `scope` is a tenant's id, or `everyTenant`. */
export function outboxRow(
  type: ProviderEvent['type'],
  scope: string,
  fact: ProviderFact,
): { id: string; subject: string; event: ProviderEvent } {
  const id = newId()
  const event: ProviderEvent = {
    specversion: '1.0',
    id,
    source: '/services/provider-registry',
    type,
    subject: scope,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: { facts: [fact] },
  }
  return { id, subject: subjectOf(type, scope), event }
}
