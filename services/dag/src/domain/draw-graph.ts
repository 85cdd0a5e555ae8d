import { levelsOfEdges } from './levels.ts'

/** A graph as the members of a JSON object that is to be answered (`root_id`, `nodes`, `edges`, `levels`), and what can be told of it without reading them. */
export interface Picture {
  readonly members: string
  /** Nothing of it is dirty or running. */
  readonly isSettled: boolean
  readonly rootVersion: number
}

/** A graph as `readBelow` answers it. */
export interface StoredGraph {
  readonly nodes: string
  readonly edges: string
}

/**
 * Puts a graph in order, level by level; null for one without nodes. Works on text alone: made of objects the answer would take several times as long,
 * here and in each service that passes it on.
 */
export function drawGraph(rootId: string, stored: StoredGraph): Picture | null {
  if (stored.nodes === '') return null
  const nodes = stored.nodes.split('\n').map(nodeOf)
  const places = new Map(nodes.map(({ id }, place) => [id, place]))
  const placeOf = (id: string): number => places.get(id) ?? -1
  const { sources, targets } = endsOf(stored.edges, placeOf)
  const levels: Node[][] = []
  for (const [place, level] of levelsOfEdges(nodes.length, sources, targets).entries())
    (levels[level] ??= []).push(nodes[place] as Node)
  const members = [
    `"root_id":"${rootId}","nodes":[`,
    levels.map((level, at) => level.map(({ begin }) => `${begin},"level":${at}}`).join()).join(),
    '],"edges":[',
    stored.edges,
    '],"levels":[',
    levels.map((level) => `["${level.map(({ id }) => id).join('","')}"]`).join(),
    ']',
  ]
  return {
    members: members.join(''),
    isSettled: nodes.every(({ state }) => state !== 'dirty' && state !== 'running'),
    rootVersion: nodes[placeOf(rootId)]?.version ?? 0,
  }
}

/** `begin`: its JSON, but for the level. */
interface Node {
  readonly id: string
  readonly version: number
  readonly state: string
  readonly begin: string
}

const idLength = 36

function nodeOf(line: string): Node {
  const version = idLength + 1
  const state = line.indexOf(' ', version) + 1
  const begin = line.indexOf(' ', state) + 1
  return {
    id: line.slice(0, idLength),
    version: Number(line.slice(version, state)),
    state: line.slice(state, begin - 1),
    begin: line.slice(begin),
  }
}

const sourceAt = '{"source_id":"'.length
const targetAt = sourceAt + idLength + '","target_id":"'.length

function endsOf(edges: string, placeOf: (id: string) => number): { sources: number[]; targets: number[] } {
  const sources: number[] = []
  const targets: number[] = []
  for (let at = edges.indexOf('{'); at >= 0; at = edges.indexOf('{', at + targetAt + idLength)) {
    sources.push(placeOf(edges.slice(at + sourceAt, at + sourceAt + idLength)))
    targets.push(placeOf(edges.slice(at + targetAt, at + targetAt + idLength)))
  }
  return { sources, targets }
}
