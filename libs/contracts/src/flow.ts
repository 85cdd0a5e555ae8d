import type { EventType } from './events.ts'

/** Who sends an event and who listens to it. An end-to-end test holds the outboxes and JetStream's consumers to this table. */
export interface Flow {
  readonly producer: ServiceName
  /** The durable consumers of JetStream, by service. */
  readonly consumers: readonly ServiceName[]
}

export type ServiceName = 'gateway' | 'blob' | 'delta-engine' | 'dag' | 'provider-registry'

export const flow: Readonly<Record<EventType, Flow>> = {
  'studio.blob.created': { producer: 'blob', consumers: ['dag'] },
  'studio.blob.updated': { producer: 'blob', consumers: ['dag'] },
  'studio.blob.deleted': { producer: 'blob', consumers: ['dag'] },
  'studio.delta.applied': { producer: 'delta-engine', consumers: [] },
  'studio.delta.failed': { producer: 'delta-engine', consumers: [] },
  'studio.run.settled': { producer: 'dag', consumers: [] },
  'studio.cascade.started': { producer: 'dag', consumers: [] },
  'studio.cascade.settled': { producer: 'dag', consumers: [] },
  'studio.provider.registered': { producer: 'provider-registry', consumers: [] },
  'studio.provider.updated': { producer: 'provider-registry', consumers: [] },
}

/** The subjects that a service's durable consumer takes, of all tenants. */
export function subjectsFor(consumer: ServiceName): string[] {
  return Object.entries(flow).flatMap(([type, { consumers }]) => (consumers.includes(consumer) ? [`${type}.*`] : []))
}
