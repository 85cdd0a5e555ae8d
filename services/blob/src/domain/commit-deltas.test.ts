import type { Blob, Commit } from '@studio/contracts'
import { commitDeltas } from './commit-deltas.ts'
import type { BlobStore, Judgement, RunBatch } from './ports.ts'

const commitOf = (blob_id: string, from_version = 0): Commit =>
  ({ blob_id, tenant_id: 'tenant', from_version }) as Commit
/** Each commit in a chain of its own. */
const apart = (commits: readonly Commit[]) => commits.map((_commit, place) => [place])
const blobOf = (id: string, version: number): Blob => ({ id, version, version_id: `${id}/${version}` }) as Blob

/** A store that answers each run by the script, and notes which places it was asked for. */
function scripted(
  script: ((places: readonly number[]) => Judgement[])[],
  chainsOf: (commits: readonly Commit[]) => number[][] = apart,
): {
  store: BlobStore
  runs: (readonly number[])[]
} {
  const runs: (readonly number[])[] = []
  const run: RunBatch = async (chains) => {
    const places = chains.flat().sort((one, other) => one - other)
    const answer = script[Math.min(runs.push(places), script.length) - 1]
    if (answer === undefined) throw new Error('an empty script')
    const judgements = answer(places)
    return new Map(places.map((place, at) => [place, judgements[at] as Judgement]))
  }
  return {
    runs,
    store: {
      openBatch: async (commits) => ({ chains: chainsOf(commits), run, runTogether: (work) => work(run) }),
      readBlobs: async (references) => references.map(({ blob_id }) => blobOf(blob_id, 9)),
    },
  }
}

const ignore = (): void => undefined

describe('commitDeltas', () => {
  it('answers in the order of the batch and runs only what is open', async () => {
    const { store, runs } = scripted([
      () => [{ verdict: 'again' }, { verdict: 'written', blob: blobOf('b', 1) }, { verdict: 'refused' }],
      () => [{ verdict: 'written', blob: blobOf('a', 2) }],
    ])
    const outcomes = await commitDeltas(store, [commitOf('a', 1), commitOf('b'), commitOf('c')], ignore)
    expect(outcomes.map(({ status }) => status)).toEqual(['committed', 'committed', 'refused'])
    expect(runs).toEqual([[0, 1, 2], [0]])
  })

  it('looks again before it believes a conflict, since the winner may have been this delta', async () => {
    const { store } = scripted([
      () => [{ verdict: 'conflict', head_version: 2 }],
      () => [{ verdict: 'committed', version: 2, version_id: 'a/2' }],
    ])
    const outcomes = await commitDeltas(store, [commitOf('a', 1)], ignore)
    expect(outcomes).toEqual([{ status: 'committed', version: 2, version_id: 'a/2', blob: blobOf('a', 9) }])
  })

  it('runs a chain as one, and what is behind it in the next run', async () => {
    const { store, runs } = scripted(
      [
        (places) =>
          places.map((place) =>
            place === 2 ? { verdict: 'again' } : { verdict: 'written', blob: blobOf('a', place + 2) },
          ),
        (places) => places.map((place) => ({ verdict: 'written', blob: blobOf('a', place + 2) })),
      ],
      () => [[0, 1, 2], [3]],
    )
    const commits = Array.from({ length: 4 }, (_, at) => commitOf('a', at + 1))
    const outcomes = await commitDeltas(store, commits, ignore)
    expect(outcomes).toMatchObject([2, 3, 4, 5].map((version) => ({ status: 'committed', version })))
    expect(runs).toEqual([[0, 1, 2], [2], [3]])
  })

  it('settles many losers of one blob in four runs', async () => {
    const { store, runs } = scripted([
      (places) =>
        places.map((place) => (place === 0 ? { verdict: 'written', blob: blobOf('a', 2) } : { verdict: 'again' })),
      (places) => places.map(() => ({ verdict: 'conflict', head_version: 2 })),
    ])
    const outcomes = await commitDeltas(
      store,
      Array.from({ length: 50 }, () => commitOf('a', 1)),
      ignore,
    )
    expect(outcomes.filter(({ status }) => status === 'conflict')).toHaveLength(49)
    expect(runs).toHaveLength(4)
  })

  it('tells of what it wrote, once and not of what was written before', async () => {
    const { store } = scripted([
      () => [
        { verdict: 'written', blob: blobOf('a', 1) },
        { verdict: 'committed', version: 1, version_id: 'b/1' },
      ],
    ])
    const told: string[] = []
    await commitDeltas(store, [commitOf('a'), commitOf('b')], (written) =>
      told.push(...written.map(({ commit }) => commit.blob_id)),
    )
    expect(told).toEqual(['a'])
  })

  it('gives up with a retryable error when it loses every race', async () => {
    const { store } = scripted([() => [{ verdict: 'again' }]])
    await expect(commitDeltas(store, [commitOf('a')], ignore)).rejects.toMatchObject({
      code: 'timeout',
      retryable: true,
    })
  })
})
