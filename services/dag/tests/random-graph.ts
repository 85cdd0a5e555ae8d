import fc from 'fast-check'

/** A derived node: `inputs` are places among the sources and the nodes before it. */
export interface PlannedNode {
  readonly provider: 'each' | 'coarse' | 'pair' | 'join'
  readonly mark: number
  readonly inputs: readonly number[]
}

export type Action =
  | { readonly kind: 'edit'; readonly source: number; readonly text: string }
  /** A cascade looks for what is ready, and workers begin with it. */
  | { readonly kind: 'begin' }
  /** One that is at work is done, and goes on with what has become ready. */
  | { readonly kind: 'end'; readonly at: number }
  | { readonly kind: 'rest' }

export interface RandomGraph {
  readonly sources: number
  readonly nodes: readonly PlannedNode[]
  /** What happens once all nodes have been made. */
  readonly actions: readonly Action[]
}

const node = fc.record({
  provider: fc.constantFrom('each' as const, 'coarse' as const, 'pair' as const, 'join' as const),
  mark: fc.nat(1),
  // Counted back from the node, so that most inputs are near and chains and diamonds come about.
  back: fc.array(fc.oneof(fc.nat(4), fc.nat(40)), { minLength: 3, maxLength: 3 }),
})

/** Few texts, so that contents come back. */
const edit = fc.record({
  kind: fc.constant('edit' as const),
  source: fc.nat(5),
  text: fc.constantFrom('a', 'b', 'c', 'd'),
})
const rest = fc.constant<Action>({ kind: 'rest' })
const begin = fc.constant<Action>({ kind: 'begin' })
const end = fc.record({ kind: fc.constant('end' as const), at: fc.nat(20) })

/** Each edit waits for the one before to have settled. */
const oneByOne = fc
  .array(edit, { minLength: 3, maxLength: 6, size: 'max' })
  .map((edits) => edits.flatMap((one): Action[] => [one, { kind: 'rest' }]))

/** Edits come while runs are under way. */
const together = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: edit },
      { weight: 6, arbitrary: begin },
      { weight: 6, arbitrary: end },
      { weight: 1, arbitrary: rest },
    ),
    { minLength: 15, maxLength: 40, size: 'max' },
  )
  .map((actions): Action[] => [...actions, { kind: 'rest' }])

const inputCounts = { each: 1, coarse: 1, pair: 2, join: 3 }

/** A graph of 3 to 40 nodes with 1 to 4 sources. */
function graphOf(actions: fc.Arbitrary<Action[]>): fc.Arbitrary<RandomGraph> {
  return fc
    .integer({ min: 1, max: 4 })
    .chain((sources) =>
      fc.record({
        sources: fc.constant(sources),
        drawn: fc.array(node, { minLength: Math.max(1, 3 - sources), maxLength: 40 - sources, size: 'max' }),
        actions,
      }),
    )
    .map(({ sources, drawn, actions }) => ({
      sources,
      actions,
      nodes: drawn.map(({ provider, mark, back }, at) => ({
        provider,
        mark,
        inputs: back.slice(0, inputCounts[provider]).map((steps) => sources + at - 1 - (steps % (sources + at))),
      })),
    }))
}

export const graphs = { 'one by one': graphOf(oneByOne), together: graphOf(together) }

/** Graph `index` of a seed: always the same. */
export function graphOfSeed(kind: keyof typeof graphs, seed: number, index: number): RandomGraph {
  const [graph] = fc.sample(graphs[kind], { seed: (seed + Math.imul(index + 1, 0x9e3779b1)) | 0, numRuns: 1 })
  if (!graph) throw new Error('nothing was drawn')
  return graph
}
