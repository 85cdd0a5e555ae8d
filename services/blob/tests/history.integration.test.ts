import type { Commit } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { packHistory } from '../src/domain/pack-history.ts'
import { quietMs } from '../src/domain/packing-pace.ts'
import { aCommit, openFixture, type Fixture } from './fixture.ts'

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

/** A round of the packer at a time that stands still. */
const packAt = (now: number) =>
  packHistory(studio.store, { clock: () => new Date(now), roundMs: 1000, signal: new AbortController().signal })
/** The packer, as if it came a minute later. */
const pack = () => packAt(Date.now() + 60_000)

const line = (number: number): string => `${number}: ${sha256(String(number))}\n`
const page = Array.from({ length: 100 }, (_, number) => line(number))
/** A text of 6.8 KB that differs from the others in one line. */
const edited = (place: number): string => page.with(place % page.length, `edited ${place}\n`).join('')

const contentOf = (bytes: Buffer | string) => ({ base64: Buffer.from(bytes).toString('base64') })

/** Commits these contents as the versions of a new blob. */
async function historyOf(contents: readonly (Buffer | string)[], tenant_id = newId()): Promise<Commit> {
  const create = aCommit({ tenant_id })
  for (const [from_version, bytes] of contents.entries())
    await studio.commitOne(aCommit({ tenant_id, blob_id: create.blob_id, from_version, content: contentOf(bytes) }))
  return create
}

async function readAll(tenant_id: string, contents: readonly (Buffer | string)[]): Promise<(Buffer | null)[]> {
  return studio.store.readContents(contents.map((bytes) => ({ tenant_id, hash: sha256(bytes) })))
}

async function expectReadable(tenant_id: string, contents: readonly (Buffer | string)[]): Promise<void> {
  const read = await readAll(tenant_id, contents)
  contents.forEach((bytes, index) => expect(read[index]?.equals(Buffer.from(bytes))).toBe(true))
}

interface Kept {
  hash: string
  encoding: number
  base_hash: string | null
  patches: number
  stored: number
}

const keptOf = (tenant_id: string) =>
  studio.database.query<Kept>(
    'test-kept',
    'select hash, encoding, base_hash, patches, octet_length(bytes) as stored from content where tenant_id = $1',
    [tenant_id],
  )

/** A patch rests on whole content of its tenant, and whole content counts its patches. */
async function expectSound(): Promise<void> {
  const wrong = await studio.database.query(
    'test-sound',
    `select content.hash from content left join content as base on base.tenant_id = content.tenant_id and base.hash = content.base_hash
     where (content.base_hash is not null and (content.patches > 0 or base.base_hash is not null))
       or content.patches <> (select count(*) from content as patch where patch.tenant_id = content.tenant_id and patch.base_hash = content.hash)`,
  )
  expect(wrong).toEqual([])
}

describe('the packer', () => {
  it('keeps older versions as patches and the head whole, and all of them readable', async () => {
    const versions = Array.from({ length: 60 }, (_, place) => edited(place))
    const { tenant_id } = await historyOf(versions)
    const before = await keptOf(tenant_id)
    const { packed, saved } = await pack()
    const after = await keptOf(tenant_id)
    const whole = after.filter(({ base_hash }) => base_hash === null)
    expect(whole.map(({ hash }) => hash)).toContain(sha256(versions.at(-1) ?? ''))
    expect(whole.length).toBeLessThan(10)
    expect(packed).toBe(60 - whole.length)
    const sum = (rows: Kept[]) => rows.reduce((total, { stored }) => total + stored, 0)
    expect(sum(before) - sum(after)).toBe(saved + 128 * packed)
    expect(sum(after)).toBeLessThan(sum(before) / 5)
    await expectSound()
    await expectReadable(tenant_id, versions)
    expect(await pack()).toEqual({ packed: 0, saved: 0 })
  })

  it('packs the one older version of a blob that was changed once', async () => {
    const { tenant_id } = await historyOf([edited(1), edited(2)])
    await pack()
    expect(await keptOf(tenant_id)).toEqual(
      expect.arrayContaining([expect.objectContaining({ hash: sha256(edited(1)), base_hash: sha256(edited(2)) })]),
    )
    await expectReadable(tenant_id, [edited(1), edited(2)])
  })

  it('makes a snapshot where versions have too little in common', async () => {
    const versions = Array.from({ length: 6 }, () => randomBytes(2000))
    const { tenant_id } = await historyOf(versions)
    await pack()
    expect((await keptOf(tenant_id)).every(({ base_hash }) => base_hash === null)).toBe(true)
    await expectReadable(tenant_id, versions)
  })

  it('comes through reverts, repetitions, tombstones and contents that blobs share', async () => {
    const [a, b, c, d] = [edited(1), edited(2), edited(3), edited(4)]
    const tenant_id = newId()
    for (const versions of [
      [a, b, a],
      [b, a, b, b, c],
      [a, a, b, c, a, d, b, a, c, d],
      [d, c, b, a],
    ])
      await historyOf(versions, tenant_id)
    const gone = await historyOf([c, a], tenant_id)
    await studio.commitOne({
      ...aCommit({ tenant_id, blob_id: gone.blob_id, from_version: 2, operation: 'delete' }),
      content: null,
    })
    await pack()
    await expectSound()
    await expectReadable(tenant_id, [a, b, c, d])
  })

  it("never takes another tenant's content for a base", async () => {
    const [one, other] = [await historyOf([edited(1), edited(2)]), await historyOf([edited(1), edited(2), edited(3)])]
    await pack()
    await expectSound()
    for (const { tenant_id } of [one, other]) await expectReadable(tenant_id, [edited(1), edited(2)])
  })

  it('leaves alone what is small, or dwarfed by what came next', async () => {
    const start = randomBytes(150).toString('hex')
    for (const versions of [
      ['a'.repeat(255), 'a'.repeat(254)],
      [start, start + randomBytes(5000).toString('hex')],
    ]) {
      const { tenant_id } = await historyOf(versions)
      await pack()
      expect((await keptOf(tenant_id)).every(({ base_hash }) => base_hash === null)).toBe(true)
    }
  })

  it('takes large contents, and such as begin like a dictionary of zstd', async () => {
    const magic = Buffer.from([0x37, 0xa4, 0x30, 0xec])
    const large = randomBytes(3 * 1024 * 1024)
    const histories = [
      [large, Buffer.concat([large.subarray(0, 1_500_000), magic, large.subarray(1_500_000)])],
      [1, 2, 3].map((place) => Buffer.concat([magic, Buffer.from(edited(place))])),
    ]
    for (const versions of histories) {
      const { tenant_id } = await historyOf(versions)
      await pack()
      await expectReadable(tenant_id, versions)
      if (versions[0] === large)
        expect((await keptOf(tenant_id)).find(({ hash }) => hash === sha256(large))?.stored).toBeLessThan(
          large.length / 10,
        )
    }
    await expectSound()
  })

  it('leaves the newest versions for later, and goes on where it was', async () => {
    const create = await historyOf([edited(1), edited(2)])
    expect(await packAt(Date.now() + quietMs)).toEqual({ packed: 0, saved: 0 })
    expect((await pack()).packed).toBe(1)
    const { tenant_id, blob_id } = create
    await studio.commitOne(aCommit({ tenant_id, blob_id, from_version: 2, content: contentOf(edited(3)) }))
    await studio.commitOne(aCommit({ tenant_id, blob_id, from_version: 3, content: contentOf(edited(4)) }))
    expect((await pack()).packed).toBe(1)
  })

  it('works in one process at a time', async () => {
    await historyOf([edited(1), edited(2)])
    const held = await studio.store.movePackCursor(async (after) => {
      expect(await pack()).toEqual({ packed: 0, saved: 0 })
      return after
    })
    expect(held).toBe(true)
    expect((await pack()).packed).toBe(1)
  })

  it('makes no chain, whoever packs what at the same time', async () => {
    const contents = Array.from({ length: 8 }, (_, place) => edited(place))
    const pair = fc.tuple(fc.nat(7), fc.nat(7)).filter(([one, other]) => one !== other)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(pair, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 8 }),
        async (packers) => {
          const { tenant_id } = await historyOf(contents)
          await Promise.all(
            packers.map(async (pairs) => {
              for (const [one, other] of pairs) {
                const hash = sha256(contents[one] ?? '')
                const base = { hash: sha256(contents[other] ?? ''), stored_size: 0, patches: 0 }
                const found = { version_id: '', blob_id: '', version: 1, size: 0, stored_size: 0, tenant_id, hash }
                const patch = await studio.store.makePatch(found, base)
                if (patch) await studio.store.packContent({ tenant_id, hash, base_hash: base.hash, patch })
              }
            }),
          )
          await expectSound()
          await expectReadable(tenant_id, contents)
        },
      ),
      { numRuns: 15 },
    )
  })
})

describe('reading', () => {
  it('is right while packers pack and writers write', async () => {
    const tenant_id = newId()
    const blobs = await Promise.all(
      Array.from({ length: 4 }, async (_, blob) => ({
        blob_id: (await historyOf([edited(blob), edited(blob + 1)], tenant_id)).blob_id,
        contents: [edited(blob), edited(blob + 1)],
      })),
    )
    let isWriting = true
    let isPacking = true
    const writers = blobs.map(async ({ blob_id, contents }, blob) => {
      for (let from_version = 2; from_version < 20; from_version++) {
        const text = from_version % 7 === 0 ? edited(blob) : edited(blob * 20 + from_version)
        await studio.commitOne(aCommit({ tenant_id, blob_id, from_version, content: contentOf(text) }))
        contents.push(text)
      }
    })
    let packed = 0
    const packers = [1, 2].map(async () => {
      for (let isLast = false; !isLast;) {
        isLast = !isWriting
        packed += (await pack()).packed
      }
    })
    const readers = blobs.map(async ({ contents }) => {
      while (isPacking) await expectReadable(tenant_id, [...contents])
    })
    await Promise.all(writers)
    isWriting = false
    await Promise.all(packers)
    isPacking = false
    await Promise.all(readers)
    expect(packed).toBeGreaterThan(40)
    await expectSound()
  })

  it('finds damage in a patch and in its base, and gives no wrong bytes', async () => {
    const versions = [edited(1), edited(2), edited(3)]
    const { tenant_id } = await historyOf(versions)
    await pack()
    const patch = (await keptOf(tenant_id)).find(({ base_hash }) => base_hash !== null)
    if (!patch?.base_hash) throw new Error('nothing was packed')
    const read = (hash: string) => studio.store.readContents([{ tenant_id, hash }])
    const flip = (hash: string, place: number) =>
      studio.database.execute(
        'test-flip',
        'update content set bytes = set_byte(bytes, $3, get_byte(bytes, $3) # 1) where tenant_id = $1 and hash = $2',
        [tenant_id, hash, place],
      )
    const damaged = (hash: string) => ({ code: 'internal_error', message: expect.stringContaining(hash) as string })
    for (let place = 0; place < patch.stored; place++) {
      await flip(patch.hash, place)
      // A bit that zstd does not look at changes nothing.
      const outcome = await read(patch.hash).catch((error: Error) => error)
      if (Array.isArray(outcome)) expect(sha256(outcome[0] ?? '')).toBe(patch.hash)
      else expect(outcome).toMatchObject(damaged(patch.hash))
      await flip(patch.hash, place)
    }
    await flip(patch.base_hash, 200)
    await expect(read(patch.hash)).rejects.toMatchObject(damaged(patch.hash))
    await expect(read(patch.base_hash)).rejects.toMatchObject(damaged(patch.base_hash))
    // The packer goes on past it.
    const others = await historyOf([edited(5), edited(6)], tenant_id)
    expect((await pack()).packed).toBe(1)
    await expectReadable(others.tenant_id, [edited(5), edited(6)])
    await flip(patch.base_hash, 200)
    await expectReadable(tenant_id, versions)
  })
})

it('the collector leaves what patches rest on', async () => {
  const { tenant_id } = await historyOf([edited(1), edited(2)])
  await pack()
  await studio.database.execute('test-stage', 'update content set staged_at = $2 where tenant_id = $1', [
    tenant_id,
    new Date(0),
  ])
  // Even where no version used them any more.
  await studio.database.execute('test-forget', 'delete from version where tenant_id = $1 and version = 2', [tenant_id])
  await studio.store.collectContents(new Date(), 100)
  await expectReadable(tenant_id, [edited(1), edited(2)])
})
