import type { AtomicOutcome, Commit } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { aCommit, bytesOf, hashOf, openFixture, type Fixture } from './fixture.ts'

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

const referenceOf = ({ tenant_id, blob_id }: Commit) => ({ tenant_id, blob_id })

function itemsOf(outcome: AtomicOutcome) {
  if (outcome.status !== 'committed') throw new Error(`expected all committed, got ${JSON.stringify(outcome)}`)
  return outcome.items.map((item) => {
    if (item.status !== 'committed') throw new Error(`expected a commit, got ${JSON.stringify(item)}`)
    return item
  })
}

describe('an atomic list', () => {
  it('goes in as a whole, what is of one blob in its order', async () => {
    const [first, second] = [aCommit({ text: 'one' }), aCommit()]
    const { blob_id } = first
    const outcome = await studio.commitAll(
      first,
      second,
      aCommit({ blob_id, from_version: 1, content: hashOf('one') }),
      { ...aCommit({ blob_id, from_version: 2, operation: 'delete' }), content: null },
      aCommit({ blob_id, from_version: 3, operation: 'revert', content: bytesOf('back'), conflict_policy: 'merge' }),
    )
    const items = itemsOf(outcome)
    expect(items.map(({ version }) => version)).toEqual([1, 1, 2, 3, 4])
    expect(items.at(-1)?.blob).toMatchObject({ version: 4, deleted_at: null, conflict_policy: 'merge' })
    const { versions } = await studio.store.listVersions({ ...referenceOf(first), limit: 10 })
    expect(versions.map(({ version_id }) => version_id)).toEqual(
      [4, 3, 2, 0].map((position) => items[position]?.version_id),
    )
  })

  it('leaves nothing where one cannot go in, and names the first of them', async () => {
    const known = aCommit()
    await studio.commitOne(known)
    const events = (await studio.events()).length
    const [one, two] = [aCommit({ text: newId() }), aCommit()]
    const outcome = await studio.commitAll(
      one,
      aCommit({ blob_id: one.blob_id, from_version: 1 }),
      aCommit({ blob_id: one.blob_id, from_version: 1 }),
      two,
      aCommit({ blob_id: known.blob_id, from_version: 7 }),
    )
    expect(outcome).toEqual({ status: 'refused', position: 2, outcome: { status: 'conflict', head_version: 2 } })
    expect(await studio.store.readBlobs([one, two].map(referenceOf))).toEqual([null, null])
    expect((await studio.events()).length).toBe(events)
    expect(await studio.store.settleDeltas([one.delta_id, two.delta_id], false)).toMatchObject(
      Array(2).fill({ status: 'unknown' }),
    )
    // Nothing stands in the way of the rest.
    expect(await studio.commitAll(one, two)).toMatchObject({ status: 'committed' })
  })

  it('is answered as it was when it is said again', async () => {
    const create = aCommit()
    const list = [create, aCommit({ blob_id: create.blob_id, from_version: 1 }), aCommit()]
    const first = itemsOf(await studio.commitAll(...list))
    await studio.commitOne(aCommit({ blob_id: create.blob_id, from_version: 2 }))
    const events = (await studio.events()).length
    const again = itemsOf(await studio.commitAll(...list))
    expect(again.map(({ version_id }) => version_id)).toEqual(first.map(({ version_id }) => version_id))
    expect(again[0]?.blob.version).toBe(3)
    expect((await studio.events()).length).toBe(events)
  })

  it('is refused as a whole once one of its deltas was refused', async () => {
    const list = [aCommit(), aCommit(), aCommit()]
    await studio.store.settleDeltas([list[1]?.delta_id ?? ''], true)
    expect(await studio.commitAll(...list)).toEqual({
      status: 'refused',
      position: 1,
      outcome: { status: 'refused' },
    })
    expect(await studio.store.readBlobs(list.map(referenceOf))).toEqual([null, null, null])
  })

  it('is undone by a fault in the middle of it', async () => {
    const create = aCommit()
    const broken = aCommit({ blob_id: create.blob_id, from_version: 1, metadata: { nul: '\u0000' } })
    // A content type that no text column takes fails the second statement of the transaction.
    await expect(studio.commitAll(create, { ...broken, content_type: 'a\u0000b' })).rejects.toThrow()
    expect(await studio.store.readBlobs([referenceOf(create)])).toEqual([null])
  })
})

describe('atomic lists at the same time', () => {
  it('over the same blobs in any order: whole ones only, one winner for each step', async () => {
    const creates = Array.from({ length: 8 }, () => aCommit())
    itemsOf(await studio.commitAll(...creates))
    const rounds = 6
    const won = await Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        let wins = 0
        for (let from = 1; from <= rounds; from++) {
          const order = [...creates].sort((a, b) => (writer % 2 ? 1 : -1) * a.blob_id.localeCompare(b.blob_id))
          const twice = order[writer % order.length]?.blob_id
          const list = order.flatMap(({ blob_id }) => {
            const text = `${writer} ${from}`
            const steps = [aCommit({ blob_id, from_version: 2 * from - 1, text, metadata: { writer, from } })]
            // Each step moves all blobs by two; one blob's second version lies far from its first in the list.
            return blob_id === twice ? steps : [...steps, aCommit({ blob_id, from_version: 2 * from, text })]
          })
          if (twice !== undefined) list.push(aCommit({ blob_id: twice, from_version: 2 * from, text: newId() }))
          const outcome = await studio.commitAll(...list)
          if (outcome.status === 'committed') wins++
          else expect(outcome.outcome.status).toBe('conflict')
        }
        return wins
      }),
    )
    expect(won.reduce((sum, wins) => sum + wins)).toBe(rounds)
    for (let step = 1; step <= rounds; step++) {
      const versions = await studio.store.readVersions(
        creates.map((create) => ({ ...referenceOf(create), version: 2 * step })),
      )
      expect(new Set(versions.map((version) => JSON.stringify(version?.metadata))).size).toBe(1)
    }
  })

  it('of the same deltas: committed once, and every caller is told so', async () => {
    const create = aCommit()
    const list = [create, aCommit({ blob_id: create.blob_id, from_version: 1 }), aCommit()]
    const outcomes = await Promise.all(Array.from({ length: 15 }, () => studio.commitAll(...list)))
    const ids = outcomes.map((outcome) => itemsOf(outcome).map(({ version_id }) => version_id))
    expect(new Set(ids.map(String)).size).toBe(1)
  })

  it('beside the refusal of one of their deltas: whole, or not at all', async () => {
    for (let round = 0; round < 20; round++) {
      const create = aCommit()
      const list = [create, aCommit({ blob_id: create.blob_id, from_version: 1 }), aCommit()]
      const [outcome, settled] = await Promise.all([
        studio.commitAll(...list),
        studio.store.settleDeltas(list.map(({ delta_id }) => delta_id).reverse(), true),
      ])
      const statuses = new Set(settled.map(({ status }) => status))
      if (outcome.status === 'committed') expect([...statuses]).toEqual(['committed'])
      else expect(await studio.store.readBlobs([referenceOf(create)])).toEqual([null])
    }
  })

  it('that bring the same new bytes in opposite orders: both go in', async () => {
    for (let round = 0; round < 3; round++) {
      const texts = [newId(), newId()]
      const listOf = (order: readonly string[]): Commit[] => {
        const blob_id = newId()
        return order.map((text, from_version) => aCommit({ blob_id, from_version, text }))
      }
      const outcomes = await Promise.all([
        studio.commitAll(...listOf(texts)),
        studio.commitAll(...listOf(texts.toReversed())),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['committed', 'committed'])
    }
  })

  it('beside single commits of the same blobs: dense versions', async () => {
    const creates = Array.from({ length: 4 }, () => aCommit())
    itemsOf(await studio.commitAll(...creates))
    const headsOf = async () => {
      const heads = await studio.store.readBlobs(creates.map(referenceOf))
      return heads.map((head) => head?.version ?? 0)
    }
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let done = 0; done < 5;) {
          const heads = await headsOf()
          const commits = creates.map(({ blob_id }, index) => aCommit({ blob_id, from_version: heads[index] ?? 0 }))
          if (writer % 2) await studio.commit(...commits.toReversed()).then(() => done++)
          else if ((await studio.commitAll(...commits)).status === 'committed') done++
        }
      }),
    )
    for (const create of creates) {
      const { versions } = await studio.store.listVersions({ ...referenceOf(create), limit: 500 })
      const [head] = await studio.store.readBlobs([referenceOf(create)])
      expect(versions.map(({ version }) => version).reverse()).toEqual(
        Array.from({ length: head?.version ?? 0 }, (_, index) => index + 1),
      )
    }
  })
})
