/**
 * How many provider runs a tenant's graph needs at least: told of changes, runs and rests in their order, by a model that shares nothing with dag
 * (own walk, own keys, and the outputs that the runs themselves reported).
 *
 * A run is *needed* where, when it begins, all that feeds its node is settled as the sources are by then, or was made of what is under the same claim, and nobody has computed or is computing the
 * same provider and configuration on the same contents. Who starts what is ready as soon as it is can do with no less. A needed run that a
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
  /** What it made, for who is to read that under the same claim. */
  output: string | null
  overtaken: boolean
}

export interface Oracle {
  readonly counts: Readonly<Counts>
  /** A source has this content now. */
  changed(sourceId: string, contentHash: string): void
  /** A node is derived from now on, from what is there. */
  derived(node: DerivedNode): void
  begun(nodeId: string, inputs: ReadInputs): OpenRun
  made(run: OpenRun, output: string | null): void
  /** A node took what another one's run made, and that was recorded: whatever becomes of that run. */
  taken(nodeId: string, inputs: ReadInputs, output: string): void
  /** `output`: what was recorded; null: dag did not take it. */
  ended(run: OpenRun, output: string | null): void
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
  const settle = (): { keys: Map<string, string>; settled: Map<string, string> } => {
    const keys = new Map<string, string>()
    const settled = new Map(contents)
    const made = new Map([...open].map((run) => [run.key, run.output]))
    for (const { id, provider, mark, inputs } of nodes) {
      const read = Object.entries(inputs).map(([name, ids]) => [name, ids.map((from) => settled.get(from))] as const)
      if (read.some(([, hashes]) => hashes.includes(undefined))) continue
      const key = keyOf(provider, mark, read as [string, string[]][])
      keys.set(id, key)
      const output = outputs.get(key) ?? made.get(key) ?? null
      if (output !== null) settled.set(id, output)
    }
    return { keys, settled }
  }
  const nodeOf = (nodeId: string): DerivedNode => {
    const node = nodes.find(({ id }) => id === nodeId)
    if (!node) throw new Error(`${nodeId} runs, and nobody derives it`)
    return node
  }
  return {
    counts,
    changed: (sourceId, contentHash) => {
      contents.set(sourceId, contentHash)
      const { keys } = settle()
      for (const run of open) if (keys.get(run.node) !== run.key) run.overtaken = true
    },
    derived: (node) => {
      nodes.push(node)
    },
    taken: (nodeId, inputs, output) => {
      outputs.set(keyRead(nodeOf(nodeId), inputs), output)
    },
    begun: (nodeId, inputs) => {
      const node = nodeOf(nodeId)
      const key = keyRead(node, inputs)
      const isComputed = outputs.has(key) || [...open].some((other) => other.key === key)
      const needed = settle().keys.get(nodeId) === key && !isComputed
      const run = { node: nodeId, key, needed, output: null, overtaken: false }
      open.add(run)
      counts.begun += 1
      counts[run.needed ? 'needed' : 'needless'] += 1
      return run
    },
    made: (run, output) => {
      run.output = output
    },
    ended: (run, output) => {
      open.delete(run)
      if (output !== null) outputs.set(run.key, output)
      else if (run.needed) {
        counts.needed -= 1
        counts[run.overtaken ? 'superseded' : 'needless'] += 1
      }
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

function keyRead({ provider, mark }: DerivedNode, inputs: ReadInputs): string {
  const named = Map.groupBy(inputs, ({ name }) => name)
  return keyOf(
    provider,
    mark,
    [...named].map(([name, list]) => [name, list.map(({ content_hash }) => content_hash)] as const),
  )
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
