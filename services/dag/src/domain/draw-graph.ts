import { levelsOfEdges } from './levels.ts'

/** A graph's edges, as `readOutline` answers them: the ids of its blobs with commas between, and its edges as JSON. */
export interface StoredOutline {
  readonly ids: string
  readonly edges: string
}

/** What the edges of a graph decide of how it is drawn: its blobs level by level, each with its place from 0 on. */
export interface Outline {
  /** By place, with commas between. */
  readonly ids: string
  /** By place. */
  readonly levels: Int32Array
  readonly rootPlace: number
  /** The members before the nodes, up to the bracket that opens them, and those that follow, from the bracket that closes them on. */
  readonly begin: Buffer
  readonly end: Buffer
}

/** The nodes of an outline as JSON, and what can be told of them without reading it. */
export interface Picture {
  readonly nodes: Buffer
  /** Where the JSON of each ends, by place. */
  readonly ends: Uint32Array
  /** By place, 1 for what is dirty or running. */
  readonly unsettled: Uint8Array
  readonly isSettled: boolean
  readonly rootVersion: number
}

/** Puts the blobs of a graph in order; null for one without blobs. */
export function outlineGraph(rootId: string, { ids, edges }: StoredOutline): Outline | null {
  if (ids === '') return null
  const found = ids.split(',')
  const places = new Map(found.map((id, place) => [id, place]))
  const { sources, targets } = endsOf(edges, (id) => places.get(id) ?? -1)
  const byLevel: string[][] = []
  for (const [place, level] of levelsOfEdges(found.length, sources, targets).entries())
    (byLevel[level] ??= []).push(found[place] as string)
  const ordered = byLevel.flat()
  return {
    ids: ordered.join(),
    levels: Int32Array.from(byLevel.flatMap((level, at) => level.map(() => at))),
    rootPlace: ordered.indexOf(rootId),
    begin: Buffer.from(`"root_id":"${rootId}","nodes":[`),
    end: Buffer.from(`],"edges":[${edges}],"levels":[${byLevel.map((level) => `["${level.join('","')}"]`).join()}]`),
  }
}

/**
 * Draws the nodes of an outline: those of `lines` (see `readChangedNodes`) as they are there, the others as they were `before`. It works on text alone: made of
 * objects the answer would take several times as long, here and in each service that passes it on.
 */
export function drawNodes({ levels, rootPlace }: Outline, lines: string, before: Picture = nothing): Picture {
  const changed = byPlace(lines, levels.length)
  const ends = new Uint32Array(levels.length)
  const unsettled = new Uint8Array(levels.length)
  unsettled.set(before.unsettled)
  const pieces: Buffer[] = []
  let length = 0
  let copied = 0
  const copyUntil = (place: number): void => {
    if (place === copied) return
    const [from, to] = [before.ends[copied - 1] ?? 0, before.ends[place - 1] ?? 0]
    for (let at = copied; at < place; at += 1) ends[at] = (before.ends[at] ?? 0) - from + length
    pieces.push(before.nodes.subarray(from, to))
    length += to - from
  }
  for (const [place, node] of changed.entries()) {
    if (!node) continue
    copyUntil(place)
    const piece = Buffer.from(`${place > 0 ? ',' : ''}${node.begin},"level":${levels[place]}}`)
    pieces.push(piece)
    length += piece.length
    ends[place] = length
    unsettled[place] = node.state === 'dirty' || node.state === 'running' ? 1 : 0
    copied = place + 1
  }
  copyUntil(levels.length)
  return {
    nodes: Buffer.concat(pieces, length),
    ends,
    unsettled,
    isSettled: !unsettled.includes(1),
    rootVersion: changed[rootPlace]?.version ?? before.rootVersion,
  }
}

const nothing: Picture = {
  nodes: Buffer.alloc(0),
  ends: new Uint32Array(),
  unsettled: new Uint8Array(),
  isSettled: true,
  rootVersion: 0,
}

/** `begin`: its JSON, but for the level. */
interface Node {
  readonly version: number
  readonly state: string
  readonly begin: string
}

function byPlace(lines: string, count: number): (Node | undefined)[] {
  const nodes = new Array<Node | undefined>(count).fill(undefined)
  if (lines === '') return nodes
  for (const line of lines.split('\n')) {
    const version = line.indexOf(' ') + 1
    const state = line.indexOf(' ', version) + 1
    const begin = line.indexOf(' ', state) + 1
    nodes[Number(line.slice(0, version))] = {
      version: Number(line.slice(version, state)),
      state: line.slice(state, begin - 1),
      begin: line.slice(begin),
    }
  }
  return nodes
}

const idLength = 36
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
