import type { NodeRow } from './ports.ts'

/** The cascades that wait for any of these nodes, each once. */
export function cascadesOf(nodes: readonly NodeRow[]): string[] {
  return [
    ...new Set(nodes.flatMap(({ cascade_id, also_in }) => [...(cascade_id ? [cascade_id] : []), ...(also_in ?? [])])),
  ]
}
