import type { Commit } from '@studio/contracts'
import { commitAtomically } from './commit-atomically.ts'
import type { BlobStore, Judgement, RunBatch } from './ports.ts'

const commitOf = (blob_id: string): Commit => ({ blob_id }) as Commit
const written = (id: string): Judgement => ({ verdict: 'written', blob: { id } as never })

/** A store that judges by the script, and loses the first `lost` transactions. */
function scripted(judge: (place: number, run: number) => Judgement, lost = 0): { store: BlobStore; runs: number[][] } {
  const runs: number[][] = []
  const run: RunBatch = async (chains) => {
    const places = chains.flat().sort((one, other) => one - other)
    runs.push(places)
    return new Map(places.map((place) => [place, judge(place, runs.length)]))
  }
  let transactions = 0
  return {
    runs,
    store: {
      openBatch: async (commits) => ({
        chains: commits.map((_commit, place) => [place]),
        run,
        runTogether: async (work) => (transactions++ < lost ? null : work(run)),
      }),
      readBlobs: async () => [],
    },
  }
}

const ignore = (): void => undefined

describe('commitAtomically', () => {
  it('runs those of one blob one after another, and all others at once', async () => {
    const { store, runs } = scripted((place) => written(String(place)))
    await commitAtomically(store, ['a', 'b', 'a', 'c', 'a', 'b'].map(commitOf), ignore)
    expect(runs).toEqual([[0, 1, 3], [2, 5], [4]])
  })

  it('names the first item that cannot go in, wherever it is found out', async () => {
    const bad = new Set([2, 3, 4])
    const { store, runs } = scripted((place) =>
      bad.has(place) ? { verdict: 'conflict', head_version: 7 } : written(String(place)),
    )
    const outcome = await commitAtomically(store, ['a', 'b', 'a', 'c', 'd', 'b'].map(commitOf), ignore)
    expect(outcome).toEqual({ status: 'refused', position: 2, outcome: { status: 'conflict', head_version: 7 } })
    expect(runs).toEqual([[0, 1, 3, 4], [2, 3, 4, 5], [2]])
  })

  it('tries again when a race was lost, and gives up with a retryable error', async () => {
    const { store } = scripted((place) => written(String(place)), 3)
    expect(await commitAtomically(store, [commitOf('a')], ignore)).toMatchObject({ status: 'committed' })
    const { store: unlucky } = scripted((place) => written(String(place)), 1000)
    await expect(commitAtomically(unlucky, [commitOf('a')], ignore)).rejects.toMatchObject({
      code: 'timeout',
      retryable: true,
    })
  })
})
