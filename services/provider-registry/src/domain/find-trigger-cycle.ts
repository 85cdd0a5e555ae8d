import type { ProviderManifest } from '@studio/contracts'

type Triggering = Pick<ProviderManifest, 'id' | 'trigger_events' | 'trigger_created_by'>

/**
 * A loop of providers of which each is triggered by what the one before it makes (by `trigger_created_by`), as the ids on it, the
 * first one again at the end; null where there is none. A provider that takes anyone's blobs names nobody and is on no loop here: at run
 * time the ancestry of a blob keeps it from meeting itself.
 */
export function findTriggerCycle(providers: readonly Triggering[]): string[] | null {
  const triggers = new Map(
    providers.map(({ id, trigger_events, trigger_created_by }) => [
      id,
      trigger_events.length > 0 ? trigger_created_by : [],
    ]),
  )
  const finished = new Set<string>()
  const visit = (id: string, way: readonly string[]): string[] | null => {
    if (way.includes(id)) return [...way.slice(way.indexOf(id)), id].reverse()
    if (finished.has(id)) return null
    for (const maker of triggers.get(id) ?? []) {
      const cycle = visit(maker, [...way, id])
      if (cycle !== null) return cycle
    }
    finished.add(id)
    return null
  }
  for (const id of triggers.keys()) {
    const cycle = visit(id, [])
    if (cycle !== null) return cycle
  }
  return null
}
