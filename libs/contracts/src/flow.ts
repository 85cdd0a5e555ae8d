import type { EventType } from './events.ts'

/** Who sends an event and who listens to it. `tests/flow` holds the code to this table, in both directions. */
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
