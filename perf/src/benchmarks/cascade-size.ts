import { buildChains, countRuns, editChains, type Chains } from '../chains.ts'
import { newClient } from '../client.ts'
import type { Figure } from '../figure.ts'
import { median } from '../load.ts'
import { runPeer } from '../peers.ts'
import type { Stack } from '../stack.ts'

const levels = 10

/**
 * 100 texts with a chain of 10 `stamp` nodes behind each, every node with content of its own: from sending the edit of all, or one, of the
 * texts until the last derived version is committed; beside CocoIndex, which does the same in one process, on the same machine, in turn. After ten rounds, as
 * services are that have run for a while: their JavaScript is compiled by then.
 */
export async function cascadeSize(stack: Stack): Promise<Figure[]> {
  return withChains(stack, 100, async (chains) => {
    await repeat(10, () => editChains(chains, 100))
    const before = await countRuns(chains.database)
    const all = await repeat(9, () => editChains(chains, 100))
    const runs = ((await countRuns(chains.database)) - before) / 9
    const one = await repeat(20, () => editChains(chains, 1))
    const peer = await runPeer<{ all: number; one: number }>('cocoindex', 'cocoindex==1.0.26', 'chains_in_cocoindex.py')
    const figures: Figure[] = [
      {
        name: '1,000 nodes: edit of 100 texts → last version',
        value: all,
        unit: 'ms',
        aim: '< 1,500',
        better: 'lower',
      },
      { name: '1,000 nodes: runs', value: runs, unit: '', aim: '1,000', better: 'lower' },
      { name: '1,000 nodes: edit of one text → last of its 10', value: one, unit: 'ms', aim: '< 60', better: 'lower' },
    ]
    if (peer === null) return figures
    return [
      ...figures,
      { name: '1,000 nodes: CocoIndex, all', value: peer.all, unit: 'ms', better: 'lower' },
      { name: '1,000 nodes: CocoIndex, one', value: peer.one, unit: 'ms', better: 'lower' },
      { name: '1,000 nodes: all, of CocoIndex', value: all / peer.all, unit: '×', aim: '≤ 1', better: 'lower' },
      { name: '1,000 nodes: one, of CocoIndex', value: one / peer.one, unit: '×', aim: '≤ 1', better: 'lower' },
    ]
  })
}

/** The same with 1,000 texts, and of these with 100: growth is what the tenfold work takes, of ten times the time of the work. */
export async function cascadeSize10k(stack: Stack): Promise<Figure[]> {
  return withChains(stack, 1000, async (chains) => {
    await repeat(2, () => editChains(chains, 1000))
    const before = await countRuns(chains.database)
    const all = await repeat(5, () => editChains(chains, 1000))
    const runs = ((await countRuns(chains.database)) - before) / 5
    const tenth = await repeat(5, () => editChains(chains, 100))
    const one = await repeat(20, () => editChains(chains, 1))
    return [
      {
        name: '10,000 nodes: edit of 1,000 texts → last version',
        value: all,
        unit: 'ms',
        aim: '< 4,000',
        better: 'lower',
      },
      { name: '10,000 nodes: runs', value: runs, unit: '', aim: '10,000', better: 'lower' },
      { name: '10,000 nodes: edit of 100 texts → last of their 1,000', value: tenth, unit: 'ms', better: 'lower' },
      { name: '10,000 nodes: growth, of linear', value: all / (10 * tenth), unit: '×', aim: '≤ 1', better: 'lower' },
      { name: '10,000 nodes: edit of one text → last of its 10', value: one, unit: 'ms', aim: '< 60', better: 'lower' },
    ]
  })
}

/**
 * Dagster's `materialize` of the same shape as assets, in one process with its own instance; of 10 columns, since it makes about ten assets
 * a second. It knows no edit: all are materialised.
 */
export async function dagster(): Promise<Figure[]> {
  const peer = await runPeer<{ nodes: number; ms: number }>('dagster', 'dagster==1.13.29', 'chains_in_dagster.py')
  if (peer === null) return []
  return [
    { name: `Dagster, materialize of ${peer.nodes} nodes`, value: peer.ms, unit: 'ms', better: 'lower' },
    { name: 'Dagster: nodes/s', value: (1000 * peer.nodes) / peer.ms, unit: '/s', better: 'higher' },
  ]
}

async function withChains(
  stack: Stack,
  columns: number,
  measure: (chains: Chains) => Promise<Figure[]>,
): Promise<Figure[]> {
  const client = newClient(stack)
  try {
    const chains = await buildChains(client, stack.databaseUrl, { columns, levels })
    return await measure(chains).finally(() => chains.close())
  } finally {
    await client.close()
  }
}

async function repeat(times: number, run: () => Promise<number>): Promise<number> {
  const taken: number[] = []
  for (let time = 0; time < times; time += 1) taken.push(await run())
  return median(taken)
}
