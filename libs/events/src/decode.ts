import { eventSchemas, type EventType, type StudioEvent } from '@studio/contracts'

export type Decoded = { readonly event: StudioEvent } | { readonly fault: string }

/** The event of a message, or what is wrong with it (without its content). */
export function decode(data: Uint8Array): Decoded {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'))
  } catch {
    return { fault: 'not JSON' }
  }
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined
  if (typeof type !== 'string' || !Object.hasOwn(eventSchemas, type)) return { fault: 'not an event of a known type' }
  const parsed = eventSchemas[type as EventType].safeParse(value)
  if (parsed.success) return { event: parsed.data }
  const [issue] = parsed.error.issues
  return { fault: `not a valid ${type}: /${issue?.path.join('/') ?? ''} ${issue?.message ?? ''}` }
}

/** traceparents of the facts of events, each once. */
export function tracesOf(events: readonly StudioEvent[]): string[] {
  const traces = new Set<string>()
  for (const event of events) {
    for (const fact of event.data.facts)
      if ('traceparent' in fact && fact.traceparent !== null) traces.add(fact.traceparent)
  }
  return [...traces]
}
