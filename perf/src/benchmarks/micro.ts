import { sha256 } from '@studio/kernel'
import { applyJsonPatch, materialise, type Replayed } from '@studio/deltas'
import { levelsOf } from '../../../services/dag/src/domain/levels.ts'
import type { Figure } from '../figure.ts'
import { median } from '../load.ts'

/** The pure parts, without engines: a chain of 100 deltas, a graph of 1,000 nodes. */
export function micro(): Promise<Figure[]> {
  const { deltas, contents } = chain(100)
  const graph = layered(10, 100)
  return Promise.resolve([
    {
      name: 'materialise a chain of 100 deltas',
      value: microseconds(() => materialise(deltas, (hash) => contents.get(hash)), 200) / 1000,
      unit: 'ms',
      better: 'lower',
    },
    {
      name: 'levels of a graph of 1,000 nodes',
      value: microseconds(() => levelsOf(graph.ids, graph.edges), 200) / 1000,
      unit: 'ms',
      aim: '< 200 at 100 nodes',
      better: 'lower',
    },
  ])
}

function microseconds(work: () => unknown, times: number): number {
  for (let warm = 0; warm < times / 4; warm++) work()
  const taken = Array.from({ length: 11 }, () => {
    const start = performance.now()
    for (let time = 0; time < times / 10; time++) work()
    return ((performance.now() - start) * 1000) / (times / 10)
  })
  return median(taken)
}

/** A JSON document that is made and then patched. */
function chain(length: number): { deltas: Replayed[]; contents: Map<string, Uint8Array> } {
  let document: Record<string, unknown> = { title: 'a document', items: [], count: 0 }
  const first = Buffer.from(JSON.stringify(document))
  const contents = new Map<string, Uint8Array>([[sha256(first), first]])
  const deltas: Replayed[] = [{ format: 'replace', patch: null, content_hash: sha256(first), to_version: 1 }]
  for (let version = 2; version <= length; version++) {
    const patch = [
      { op: 'replace', path: '/count', value: version },
      { op: 'add', path: '/items/-', value: `item ${version}` },
    ]
    document = applyJsonPatch(document as never, patch) as Record<string, unknown>
    deltas.push({ format: 'json-patch', patch, content_hash: sha256(JSON.stringify(document)), to_version: version })
  }
  return { deltas, contents }
}

function layered(
  levels: number,
  width: number,
): { ids: string[]; edges: { source_id: string; target_id: string; input: string; ordinal: number }[] } {
  const id = (level: number, place: number) => `${level}/${place}`
  const ids = Array.from({ length: levels }, (_, level) =>
    Array.from({ length: width }, (_, place) => id(level, place)),
  ).flat()
  const edges = ids.flatMap((target) => {
    const [level = 0, place = 0] = target.split('/').map(Number)
    if (level === 0) return []
    return [place, (place + 1) % width].map((source, ordinal) => ({
      source_id: id(level - 1, source),
      target_id: target,
      input: 'input',
      ordinal,
    }))
  })
  return { ids, edges }
}
