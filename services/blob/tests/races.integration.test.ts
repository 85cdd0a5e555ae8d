import type { Commit } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { openCommitBatch } from '../src/store/commit-batch.ts'
import { aCommit, hashOf, openFixture, type Fixture } from './fixture.ts'

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

/** Runs the commit statement in a transaction that stays open until `finish` is called. */
async function commitInFlight(commit: Commit): Promise<{ finish(how: 'commit' | 'rollback'): Promise<void> }> {
  const written = Promise.withResolvers<void>()
  const released = Promise.withResolvers<'commit' | 'rollback'>()
  const batch = await openCommitBatch(studio.database, [commit])
  const done = batch
    .runTogether(
      async (run) => {
        const judgement = (await run([[0]])).get(0)
        expect(judgement?.verdict).toBe('written')
        written.resolve()
        return released.promise
      },
      (end) => end === 'commit',
    )
    .catch((error: Error) => {
      written.reject(error)
      throw error
    })
  await written.promise
  return {
    finish: async (how) => {
      released.resolve(how)
      await done
    },
  }
}

describe('writers of one blob', () => {
  it('make dense versions, one winner each', async () => {
    const create = aCommit()
    await studio.commitOne(create)
    const { tenant_id, blob_id } = create
    const made = await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (let from_version = 1; ;) {
          const [outcome] = await studio.commit(aCommit({ blob_id, from_version }))
          if (outcome?.status === 'committed') return outcome.version
          if (outcome?.status !== 'conflict') throw new Error(`unexpected ${JSON.stringify(outcome)}`)
          from_version = outcome.head_version
        }
      }),
    )
    expect(made.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 2))
    const { versions } = await studio.store.listVersions({ tenant_id, blob_id, limit: 100 })
    expect(versions.map(({ version }) => version)).toEqual(Array.from({ length: 51 }, (_, index) => 51 - index))
  })

  it('win once where all write from the same version', async () => {
    const create = aCommit()
    await studio.commitOne(create)
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => studio.commit(aCommit({ blob_id: create.blob_id, from_version: 1 }))),
    )
    const won = outcomes.flat().filter(({ status }) => status === 'committed')
    expect(won).toHaveLength(1)
    expect(outcomes.flat().filter(({ status }) => status === 'conflict')).toHaveLength(19)
  })

  it('create it once', async () => {
    const blob_id = newId()
    const outcomes = (await Promise.all(Array.from({ length: 20 }, () => studio.commit(aCommit({ blob_id }))))).flat()
    expect(outcomes.filter(({ status }) => status === 'committed')).toHaveLength(1)
    expect(outcomes.filter(({ status }) => status === 'conflict')).toHaveLength(19)
  })

  it('do not lock each other out in whatever order their batches name the blobs and contents', async () => {
    const creates = Array.from({ length: 30 }, () => aCommit())
    await studio.commit(...creates)
    // A table of some size, since PostgreSQL goes through a small one in its own order whatever the batch names first.
    await studio.commit(...Array.from({ length: 3000 }, () => aCommit()))
    await studio.database.execute('test-analyze', 'analyze blob')
    const shared = creates.map(() => newId())
    // Warm connections, so that the batches meet.
    await Promise.all(Array.from({ length: 20 }, () => studio.database.query('test-warm', 'select pg_sleep(0.05)')))
    const rounds = Array.from({ length: 12 }, (_, writer) => {
      const order = writer % 2 ? creates : creates.toReversed()
      const commits = order.map(({ blob_id }) =>
        aCommit({ blob_id, from_version: 1, text: shared[creates.findIndex((create) => create.blob_id === blob_id)] }),
      )
      return studio.commit(...commits)
    })
    const outcomes = (await Promise.all(rounds)).flat()
    expect(outcomes.filter(({ status }) => status === 'committed')).toHaveLength(30)
    const [{ deadlocks } = { deadlocks: -1 }] = await studio.database.query<{ deadlocks: number }>(
      'test-deadlocks',
      'select deadlocks from pg_stat_database where datname = current_database()',
    )
    expect(deadlocks).toBe(0)
  })
})

describe('one delta at the same time', () => {
  it('is answered as committed to whoever waited behind it', async () => {
    const create = aCommit()
    await studio.commitOne(create)
    const update = aCommit({ blob_id: create.blob_id, from_version: 1 })
    const flight = await commitInFlight(update)
    const second = studio.commit(update)
    await studio.blocked(1)
    await flight.finish('commit')
    expect(await second).toMatchObject([{ status: 'committed', version: 2, blob: { version: 2 } }])
  })

  it('is committed once, and every caller is told so', async () => {
    const create = aCommit()
    await studio.commitOne(create)
    const update = aCommit({ blob_id: create.blob_id, from_version: 1 })
    const outcomes = (await Promise.all(Array.from({ length: 20 }, () => studio.commit(update)))).flat()
    expect(new Set(outcomes.map((outcome) => outcome.status === 'committed' && outcome.version_id)).size).toBe(1)
    expect(outcomes[0]).toMatchObject({ status: 'committed', version: 2 })
  })

  it('does not spoil the other items of its batch', async () => {
    const disputed = aCommit()
    const flight = await commitInFlight(disputed)
    const other = aCommit()
    // Another blob under the same delta id collides at the delta's key only.
    const batch = studio.commit({ ...disputed, blob_id: newId() }, other)
    await studio.blocked(1)
    await flight.finish('commit')
    expect(await batch).toMatchObject([{ status: 'refused' }, { status: 'committed', version: 1 }])
  })
})

describe('a refusal beside a commit in flight', () => {
  it('waits, and answers committed when that commits', async () => {
    const create = aCommit()
    const flight = await commitInFlight(create)
    const settled = studio.store.settleDeltas([create.delta_id], true)
    await studio.blocked(1)
    await flight.finish('commit')
    expect(await settled).toEqual([{ delta_id: create.delta_id, status: 'committed', version: 1 }])
  })

  it('waits, and refuses when that is rolled back', async () => {
    const create = aCommit()
    const flight = await commitInFlight(create)
    const settled = studio.store.settleDeltas([create.delta_id], true)
    await studio.blocked(1)
    await flight.finish('rollback')
    expect(await settled).toEqual([{ delta_id: create.delta_id, status: 'refused', version: null }])
    expect(await studio.commit(create)).toEqual([{ status: 'refused' }])
  })

  it('agrees with it in every interleaving', async () => {
    for (let round = 0; round < 40; round++) {
      const create = aCommit()
      const reference = { tenant_id: create.tenant_id, blob_id: create.blob_id }
      const [[outcome], [settled]] = await Promise.all([
        studio.commit(create),
        studio.store.settleDeltas([create.delta_id], true),
      ])
      expect(outcome?.status).toBe(settled?.status)
      const [blob] = await studio.store.readBlobs([reference])
      expect(blob === null).toBe(settled?.status === 'refused')
    }
  })
})

describe('the collector beside a commit', () => {
  const later = (): Date => new Date(Date.now() + 60_000)

  it('leaves content that a commit in flight points at', async () => {
    const text = newId()
    const { tenant_id } = aCommit()
    await studio.store.stageContent(tenant_id, Buffer.from(text))
    const create = aCommit({ content: hashOf(text) })
    const flight = await commitInFlight(create)
    expect(await studio.store.collectContents(later(), 100)).toMatchObject({ collected: 0 })
    await flight.finish('commit')
    expect(await studio.store.collectContents(later(), 100)).toMatchObject({ seen: 1, collected: 0 })
    expect(await studio.store.readContents([{ tenant_id, ...hashOf(text) }])).toEqual([Buffer.from(text)])
    expect(await studio.store.collectContents(later(), 100)).toMatchObject({ seen: 0 })
  })

  it('makes a commit that comes while it deletes say that the content is gone', async () => {
    const text = newId()
    const { tenant_id } = aCommit()
    await studio.store.stageContent(tenant_id, Buffer.from(text))
    let byHash: Promise<unknown> = Promise.resolve()
    let byBytes: Promise<unknown> = Promise.resolve()
    await studio.database.transaction(async (transaction) => {
      await transaction.execute('test-delete', 'delete from content where tenant_id = $1 and hash = $2', [
        tenant_id,
        hashOf(text).hash,
      ])
      byHash = studio.commit(aCommit({ content: hashOf(text) }))
      byBytes = studio.commit(aCommit({ text }))
      await studio.blocked(2)
    })
    expect(await byBytes).toMatchObject([{ status: 'committed' }])
    // It may find the bytes that the other commit has brought.
    expect(await byHash).toMatchObject([{ status: expect.stringMatching(/^(content_missing|committed)$/) }])
    expect(await studio.store.readContents([{ tenant_id, ...hashOf(text) }])).toEqual([Buffer.from(text)])
  })

  it('takes no bytes from any version while both work', async () => {
    const { tenant_id } = aCommit()
    const texts = Array.from({ length: 60 }, () => newId())
    await Promise.all(texts.map((text) => studio.store.stageContent(tenant_id, Buffer.from(text))))
    const outcomes = await Promise.all(
      texts.map(async (text, index) => {
        if (index % 3 === 0) await studio.store.collectContents(later(), 5)
        return (await studio.commit(aCommit({ content: hashOf(text) })))[0]
      }),
    )
    const contents = await studio.store.readContents(texts.map((text) => ({ tenant_id, ...hashOf(text) })))
    outcomes.forEach((outcome, index) => {
      if (outcome?.status === 'committed') expect(contents[index]?.toString()).toBe(texts[index])
      else expect(outcome?.status).toBe('content_missing')
    })
  })
})
