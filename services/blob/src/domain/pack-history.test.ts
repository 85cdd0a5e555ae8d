import { packHistory, type Base, type HistoryStore, type Packable, type Round } from './pack-history.ts'

const start = new Date('2026-01-02T00:00:00Z').getTime()
const found = (version: number): Packable => ({
  version_id: String(version),
  tenant_id: 't',
  blob_id: 'b',
  version,
  hash: `v${version}`,
  size: 10_000,
  stored_size: 3000,
})

/** A store with these bases, whose patches have this size; notes what is packed. */
function scripted(bases: Base[], patchSize: number, versions = 1) {
  const packed: string[] = []
  const asked: string[] = []
  const store: HistoryStore = {
    readTraffic: async () => ({ newest: null, oldestLeft: null }),
    movePackCursor: async (work) => {
      asked.push(await work(asked.at(-1) ?? '0'))
      return true
    },
    findSuperseded: async ({ after, limit }) =>
      Array.from({ length: Math.min(versions - Number(after), limit) }, (_, index) => found(Number(after) + index + 1)),
    findBases: async () => bases,
    makePatch: async () => Buffer.alloc(patchSize),
    packContent: async ({ base_hash }) => {
      packed.push(base_hash)
      return true
    },
  }
  return { store, packed, asked }
}
const quiet: Round = { clock: () => new Date(start), roundMs: 1000, signal: new AbortController().signal }
const base = (hash: string, patches: number): Base => ({ hash, stored_size: 3000, patches })

describe('packHistory', () => {
  it('takes the snapshot until the patches on it are as large as itself, then the next version', async () => {
    for (const [patches, expected] of [
      [9, 'snapshot'],
      [11, 'snapshot'],
      [12, 'next'],
    ] as const) {
      const { store, packed } = scripted([base('snapshot', patches), base('next', 0)], 500)
      expect(await packHistory(store, quiet)).toEqual({ packed: 1, saved: 3000 - 500 - 128 })
      expect(packed).toEqual([expected])
    }
  })

  it('leaves whole what a patch would not make smaller, row and all', async () => {
    for (const [size, packed] of [
      [2871, 1],
      [2872, 0],
    ] as const)
      expect(await packHistory(scripted([base('next', 0)], size).store, quiet)).toMatchObject({ packed })
  })

  it('goes on until it has seen all, in parts', async () => {
    const { store, asked } = scripted([base('next', 0)], 100, 5000)
    expect((await packHistory(store, quiet)).packed).toBe(5000)
    expect(asked.length).toBeGreaterThan(5)
    expect(asked.at(-1)).toBe('5000')
  })

  it('stops when it is told to, and keeps its place', async () => {
    const { store, asked, packed } = scripted([base('next', 0)], 100, 5000)
    const stopping = new AbortController()
    const stop: HistoryStore = {
      ...store,
      packContent: async (one) => {
        if (packed.length === 9) stopping.abort()
        return store.packContent(one)
      },
    }
    await packHistory(stop, { ...quiet, signal: stopping.signal })
    expect(asked).toEqual(['10'])
  })

  it('gives way to a writer who comes meanwhile, and keeps its place', async () => {
    const { store, asked, packed } = scripted([base('next', 0)], 100, 5000)
    const written: HistoryStore = {
      ...store,
      readTraffic: async () => ({ newest: packed.length < 9 ? null : new Date(start), oldestLeft: new Date(start) }),
    }
    expect((await packHistory(written, quiet)).packed).toBe(9)
    expect(asked).toEqual(['9'])
  })

  it('works a little in each round where writers never pause', async () => {
    const { store, asked } = scripted([base('next', 0)], 100, 100)
    let now = start
    // Each content takes 10 ms: of a round of one second it has five in the share that it may take.
    const busy: HistoryStore = {
      ...store,
      readTraffic: async () => ({ newest: new Date(now), oldestLeft: new Date(start - 60_000) }),
      packContent: async (one) => {
        now += 10
        return store.packContent(one)
      },
    }
    const round = { ...quiet, clock: () => new Date(now) }
    for (const place of ['5', '10', '15']) {
      expect((await packHistory(busy, round)).packed).toBe(5)
      expect(asked.at(-1)).toBe(place)
    }
  })
})
