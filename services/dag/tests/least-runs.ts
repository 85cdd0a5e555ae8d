/**
 * How many provider runs a tenant's graph needs at least: told of changes, runs and rests in their order, by a model that shares nothing with dag
 * (own walk, own keys, and the outputs that the runs themselves reported).
 *
 * A run is *needed* where, when it begins, all that feeds its node is settled as the sources are by then, or made under the same claim, and nobody has computed
 * or is computing the same provider and configuration on the same contents. Who starts what is ready as soon as it is can do with no less. A needed run that a
 * change overtakes (what feeds its node is no longer what it read) and that dag then takes away is *superseded*: it came to nothing, and is counted apart.
 * Every other run is *needless*.
 */
export interface Counts {
  /** Runs that began. */
  begun: number
  needed: number
  superseded: number
  needless: number
  /** Of all that was recorded, what the graph needed at rest: who knows of all changes before could do with these. */
  neededAtRest: number
}

export interface DerivedNode {
  readonly id: string
  readonly provider: string
  readonly mark: number
  /** Ids by the name of the input. */
  readonly inputs: Readonly<Record<string, readonly string[]>>
}

/** What a run read: blob and content hash, by the name of the input. */
export type ReadInputs = readonly { readonly name: string; readonly blob_id: string; readonly content_hash: string }[]

/** A run that has begun. */
export interface OpenRun {
  readonly node: string
  readonly key: string
  readonly needed: boolean
  overtaken: boolean
  /** What its worker has made under the same claim, by key. */
  readonly made: ReadonlyMap<string, string>
}

export interface Oracle {
  readonly counts: Readonly<Counts>
  /** A source has this content now. */
  changed(sourceId: string, contentHash: string): void
  /** A node is derived from now on, from what is there. */
  derived(node: DerivedNode): void
  /** The key of a node that has read this. */
  keyRead(nodeId: string, inputs: ReadInputs): string
  /** `made`: what its worker has made under the same claim, by key. */
  begun(nodeId: string, inputs: ReadInputs, made?: ReadonlyMap<string, string>): OpenRun
  /** `taken`: whether dag took what came of it. */
  ended(run: OpenRun, taken: boolean): void
  /** dag took this output for a node: of its run, or of another one of the same key. */
  recorded(nodeId: string, inputs: ReadInputs, output: string): void
  /** Nothing is under way: what each derived node must hold. Throws where a run is missing. */
  atRest(): Map<string, string>
}

export function createOracle(): Oracle {
  const contents = new Map<string, string>()
  const nodes: DerivedNode[] = []
  const outputs = new Map<string, string>()
  const open = new Set<OpenRun>()
  const counts: Counts = { begun: 0, needed: 0, superseded: 0, needless: 0, neededAtRest: 0 }
  let knownBefore = new Set<string>()

  /** The key of each node all of whose inputs are settled, and what there is settled. */
  const settle = (
    made: ReadonlyMap<string, string> = new Map(),
  ): { keys: Map<string, string>; settled: Map<string, string> } => {
    const keys = new Map<string, string>()
    const settled = new Map(contents)
    for (const { id, provider, mark, inputs } of nodes) {
      const read = Object.entries(inputs).map(([name, ids]) => [name, ids.map((from) => settled.get(from))] as const)
      if (read.some(([, hashes]) => hashes.includes(undefined))) continue
      const key = keyOf(provider, mark, read as [string, string[]][])
      keys.set(id, key)
      const output = outputs.get(key) ?? made.get(key)
      if (output !== undefined) settled.set(id, output)
    }
    return { keys, settled }
  }
  const keyRead = (nodeId: string, inputs: ReadInputs): string => {
    const node = nodes.find(({ id }) => id === nodeId)
    if (!node) throw new Error(`${nodeId} runs, and nobody derives it`)
    const named = Map.groupBy(inputs, ({ name }) => name)
    const read = [...named].map(([name, list]) => [name, list.map(({ content_hash }) => content_hash)] as const)
    return keyOf(node.provider, node.mark, read)
  }

  return {
    counts,
    keyRead,
    changed: (sourceId, contentHash) => {
      contents.set(sourceId, contentHash)
      for (const run of open) if (settle(run.made).keys.get(run.node) !== run.key) run.overtaken = true
    },
    derived: (node) => {
      nodes.push(node)
    },
    begun: (nodeId, inputs, made = new Map()) => {
      const key = keyRead(nodeId, inputs)
      const isComputed = outputs.has(key) || [...open].some((other) => other.key === key)
      const needed = settle(made).keys.get(nodeId) === key && !isComputed
      const run = { node: nodeId, key, needed, overtaken: false, made }
      open.add(run)
      counts.begun += 1
      counts[run.needed ? 'needed' : 'needless'] += 1
      return run
    },
    ended: (run, taken) => {
      open.delete(run)
      if (taken || !run.needed) return
      counts.needed -= 1
      counts[run.overtaken ? 'superseded' : 'needless'] += 1
    },
    recorded: (nodeId, inputs, output) => {
      outputs.set(keyRead(nodeId, inputs), output)
    },
    atRest: () => {
      const { keys, settled } = settle()
      const missing = nodes.filter(({ id }) => !settled.has(id))
      if (missing.length > 0) throw new Error(`not derived: ${missing.map(({ id }) => id).join(', ')}`)
      counts.neededAtRest += new Set([...keys.values()].filter((key) => !knownBefore.has(key))).size
      knownBefore = new Set(outputs.keys())
      return settled
    },
  }
}

const keyOf = (provider: string, mark: number, inputs: readonly (readonly [string, readonly string[]])[]): string =>
  JSON.stringify([provider, mark, [...inputs].sort(([one], [other]) => (one < other ? -1 : 1))])

/** Runs that began and were not superseded, over those that were needed: 1 where none is needless. */
export function ratioOf({ begun, superseded, needed }: Readonly<Counts>): number {
  return needed === 0 ? 1 : (begun - superseded) / needed
}

export function addCounts(sum: Counts, counts: Readonly<Counts>): void {
  for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name]
}

export const noCounts = (): Counts => ({ begun: 0, needed: 0, superseded: 0, needless: 0, neededAtRest: 0 })
