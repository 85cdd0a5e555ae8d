import type { Commit } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { createHash, randomBytes } from 'node:crypto'
import { eraseContents } from '../src/domain/erase-contents.ts'
import { collectStagedContents } from '../src/domain/collect-contents.ts'
import { packHistory } from '../src/domain/pack-history.ts'
import { aCommit, bytesOf, hashOf, openFixture, type Fixture } from './fixture.ts'

/** What is purged is erased from contents, patches and events, and nothing else is. */

let studio: Fixture
beforeAll(async () => {
  studio = await openFixture()
})
afterAll(() => studio.close())

const later = () => new Date(Date.now() + 60_000)
const pack = () => packHistory(studio.store, { clock: later, roundMs: 60_000, signal: new AbortController().signal })
const secret = randomBytes(32)
const pseudonymOf = (text: string) => createHash('sha256').update(secret).update(sha256(text)).digest('hex')

const page = Array.from({ length: 100 }, (_, number) => `${number}: ${sha256(String(number))}\n`)
/** A text of 6.8 KB that differs from the others of its kind in one line. */
const edited = (place: number, word: string): string => page.with(place, `${word} ${place}\n`).join('')

/** Commits these texts as the versions of a new blob, and its deletion where it is to be one. */
async function historyOf(tenant_id: string, texts: readonly string[], isDeleted = false): Promise<string> {
  const { blob_id } = aCommit()
  const of = (given: Partial<Commit> & { text?: string }) => aCommit({ tenant_id, blob_id, ...given })
  for (const [from_version, text] of texts.entries()) await studio.commitOne(of({ from_version, text }))
  if (isDeleted) await studio.commitOne(of({ from_version: texts.length, operation: 'delete', content: null }))
  return blob_id
}

const erase = (tenant_id: string, blobs: string[], versions: { blob_id: string; version: number }[] = []) =>
  eraseContents(studio.store, { tenant_id, blobs, versions }, secret)

const readTexts = async (tenant_id: string, texts: readonly string[]) =>
  (await studio.store.readContents(texts.map((text) => ({ tenant_id, hash: sha256(text) })))).map(
    (bytes) => bytes?.toString() ?? null,
  )

async function expectSound(): Promise<void> {
  const wrong = await studio.database.query(
    'test-sound',
    `select content.hash from content left join content as base on base.tenant_id = content.tenant_id and base.hash = content.base_hash
     where (content.base_hash is not null and (content.patches > 0 or base.base_hash is not null))
       or content.patches <> (select count(*) from content as patch where patch.tenant_id = content.tenant_id and patch.base_hash = content.hash)`,
  )
  expect(wrong).toEqual([])
}

it('erases a history that is packed, and makes whole what rests on it', async () => {
  const tenant_id = newId()
  const shared = edited(0, 'shared')
  const texts = [edited(1, 'a'), edited(2, 'a'), shared, edited(3, 'a'), edited(4, 'a')]
  const others = [shared, edited(5, 'other'), edited(6, 'other')]
  const [purged, kept] = [await historyOf(tenant_id, texts, true), await historyOf(tenant_id, others)]
  await pack()
  const patched = await studio.database.query(
    'test-patched',
    'select from content where tenant_id = $1 and encoding = 2',
    [tenant_id],
  )
  expect(patched.length).toBeGreaterThan(2)
  expect(await studio.store.sealBlob({ tenant_id, blob_id: purged })).toBe(true)

  expect(await erase(tenant_id, [purged])).toEqual({ blobs: [{ blob_id: purged, versions: 6 }], along: [] })
  const gone = texts.filter((text) => text !== shared)
  expect(await readTexts(tenant_id, gone)).toEqual(gone.map(() => null))
  expect(await readTexts(tenant_id, others)).toEqual(others)
  await expectSound()
  const { versions } = await studio.store.listVersions({ tenant_id, blob_id: purged, limit: 10 })
  expect(
    versions.map(({ version, operation, purged: isPurged, size, content_hash }) => [
      version,
      operation,
      isPurged,
      size,
      content_hash,
    ]),
  ).toEqual([
    [6, 'delete', true, 0, pseudonymOf(texts[4] ?? '')],
    ...[5, 4, 3, 2].map((version) => [version, 'update', true, 0, pseudonymOf(texts[version - 1] ?? '')]),
    [1, 'create', true, 0, pseudonymOf(texts[0] ?? '')],
  ])
  expect(
    (await studio.store.listVersions({ tenant_id, blob_id: kept, limit: 10 })).versions.some(
      ({ purged: isPurged }) => isPurged,
    ),
  ).toBe(false)
  const facts = (await studio.events()).flatMap(({ data }) => data.facts as { blob_id: string; content_hash: string }[])
  const told = facts.filter(({ blob_id }) => blob_id === purged)
  expect(told.map(({ content_hash }) => content_hash)).toEqual([...texts, texts[4] ?? ''].map(pseudonymOf))
  // Done again, it changes nothing.
  await erase(tenant_id, [purged])
  expect((await studio.store.listVersions({ tenant_id, blob_id: purged, limit: 10 })).versions).toEqual(versions)
})

it('answers content_purged for what stands in its place, which no version may have', async () => {
  const tenant_id = newId()
  const blob_id = await historyOf(tenant_id, ['short'], true)
  await studio.store.sealBlob({ tenant_id, blob_id })
  await erase(tenant_id, [blob_id])
  const hash = pseudonymOf('short')
  await expect(studio.store.readContents([{ tenant_id, hash }])).rejects.toMatchObject({ code: 'content_purged' })
  expect(await studio.commit(aCommit({ tenant_id, content: { hash } }))).toEqual([{ status: 'content_missing' }])
  expect(
    await studio.commit(aCommit({ tenant_id, blob_id, from_version: 2, operation: 'revert', text: 'short' })),
  ).toEqual([{ status: 'deleted', head_version: 2 }])
})

describe('what was written on a purged version since', () => {
  const noting = { content: null, content_type: null }

  it('goes along where it is a tombstone', async () => {
    const tenant_id = newId()
    const blob_id = await historyOf(tenant_id, ['clean', 'derived'])
    await studio.store.markPurged({ tenant_id, blobs: [], versions: [{ blob_id, version: 2 }] })
    await studio.commitOne(
      aCommit({ tenant_id, blob_id, from_version: 2, operation: 'delete', content: null, created_by: 'maker' }),
    )
    const along = [{ blob_id, version: 3, created_by: 'maker' }]
    expect(await erase(tenant_id, [], [{ blob_id, version: 2 }])).toEqual({ blobs: [], along })
    expect(await readTexts(tenant_id, ['clean', 'derived'])).toEqual(['clean', null])
    const [head] = await studio.store.readBlobs([{ tenant_id, blob_id }])
    expect(head).toMatchObject({ version: 3, content_hash: pseudonymOf('derived'), size: 0 })
  })

  it('goes along where a user left the content alone, or went back to some that goes', async () => {
    const [tenant_id, other] = [newId(), newId()]
    const blob_id = await historyOf(tenant_id, ['clean', 'derived 1', 'derived 2'])
    const versions = [2, 3].map((version) => ({ blob_id, version }))
    await studio.store.markPurged({ tenant_id, blobs: [], versions })
    const at = (from_version: number, given: Partial<Commit>) => aCommit({ tenant_id, blob_id, from_version, ...given })
    await studio.commitOne(at(3, { ...noting, metadata: { note: 1 } }))
    await studio.commitOne(at(4, { operation: 'revert', content: hashOf('derived 1') }))
    await studio.commitOne(at(5, { ...noting, metadata: { note: 2 } }))
    await studio.commitOne(at(6, { operation: 'transform', created_by: 'maker', content: bytesOf(other), fence: 1 }))
    const along = [4, 5, 6].map((version) => ({ blob_id, version, created_by: 'user' }))
    expect(await erase(tenant_id, [], versions)).toEqual({ blobs: [], along })
    expect(await readTexts(tenant_id, ['clean', 'derived 1', 'derived 2', other])).toEqual(['clean', null, null, other])
    expect(await erase(tenant_id, [], versions)).toEqual({ blobs: [], along })
    expect(await studio.store.readBlobs([{ tenant_id, blob_id }])).toMatchObject([
      { version: 7, content_hash: sha256(other), metadata: { note: 2 } },
    ])
  })
})

describe('a user’s edit of a blob that lives on', () => {
  const type = { content_type: 'text/plain' }
  const side = (text: string) => ({ content_hash: sha256(text), ...type })
  const overlaid = (made: string, edit: string) => ({
    from_generated: null,
    next: { base: side(made), edited: side(edit), generated: side(made), conflicted: false },
  })
  /** A provider's texts, of which the last is edited. */
  async function edited(tenant_id: string, texts: readonly string[], edit: string): Promise<string> {
    const { blob_id } = aCommit()
    for (const [from_version, text] of texts.entries())
      await studio.commitOne(
        aCommit({ tenant_id, blob_id, from_version, text, operation: 'transform', created_by: 'maker', fence: 1 }),
      )
    const overlay = overlaid(texts.at(-1) ?? '', edit)
    await studio.commitOne(aCommit({ tenant_id, blob_id, from_version: texts.length, text: edit, overlay }))
    return blob_id
  }
  const overlayOf = async (tenant_id: string, blob_id: string) =>
    (await studio.store.readOverlays([{ tenant_id, blob_id }]))[0]
  const rowOf = async (blob_id: string, version: number) =>
    (
      await studio.database.query(
        'test-overlay',
        'select base_hash, base_type, edited_hash, edited_type, generated_hash, generated_type from overlay where blob_id = $1 and version = $2',
        [blob_id, version],
      )
    )[0]

  it('stands as it is where it was made on what stays, even on the same content', async () => {
    const tenant_id = newId()
    for (const texts of [
      ['1', '2', '3'],
      ['4', '5', '4'],
    ]) {
      const [last = '', edit] = [texts.at(-1), newId()]
      const blob_id = await edited(tenant_id, texts, edit)
      const versions = [1, 2].map((version) => ({ blob_id, version }))
      expect(await erase(tenant_id, [], versions)).toEqual({ blobs: [], along: [] })
      expect(await readTexts(tenant_id, [texts[1] ?? '', last, edit])).toEqual([null, last, edit])
      expect(await overlayOf(tenant_id, blob_id)).toMatchObject({
        version: 4,
        ...{ base: side(last), edited: side(edit), generated: side(last) },
      })
    }
  })

  it('ends where it loses what it was made on, and keeps its own text', async () => {
    const [tenant_id, made, edit] = [newId(), newId(), newId()]
    const blob_id = await edited(tenant_id, [made], edit)
    await erase(tenant_id, [], [{ blob_id, version: 1 }])
    expect(await readTexts(tenant_id, [made, edit])).toEqual([null, edit])
    expect(await overlayOf(tenant_id, blob_id)).toBeNull()
    expect(await studio.store.readBlobs([{ tenant_id, blob_id }])).toMatchObject([{ version: 2, overlay: null }])
    const gone = { content_hash: pseudonymOf(made), content_type: 'application/octet-stream' }
    expect(await rowOf(blob_id, 2)).toEqual({
      base_hash: gone.content_hash, base_type: gone.content_type, edited_hash: sha256(edit), edited_type: 'text/plain',
      generated_hash: gone.content_hash, generated_type: gone.content_type,
    }) // prettier-ignore
    const facts = (await studio.events()).flatMap(({ data }): unknown[] => data.facts)
    const told = facts.filter((fact) => (fact as { blob_id: string }).blob_id === blob_id)
    expect(told).toMatchObject([
      { version: 1, ...gone, size: 0, overlay: null },
      { version: 2, ...side(edit), overlay: { state: 'edited', generated: gone } },
    ])
  })

  it('goes with its sides, their types and what is told of them, where its version does', async () => {
    const [tenant_id, made, edit] = [newId(), newId(), newId()]
    const blob_id = await edited(tenant_id, [made], edit)
    const versions = [1, 2].map((version) => ({ blob_id, version }))
    await erase(tenant_id, [], versions)
    expect(await readTexts(tenant_id, [made, edit])).toEqual([null, null])
    const row = JSON.stringify(await rowOf(blob_id, 2))
    const told = JSON.stringify(await studio.events())
    expect([sha256(made), sha256(edit)].filter((hash) => row.includes(hash) || told.includes(hash))).toEqual([])
    expect(row).not.toContain('text/plain')
  })

  it('goes with the outputs that it has left behind', async () => {
    const [tenant_id, made, edit, ...outputs] = [newId(), newId(), newId(), newId(), newId()]
    const blob_id = await edited(tenant_id, [made], edit)
    let from_generated = sha256(made)
    for (const [at, text] of outputs.entries()) {
      await studio.store.stageContent(tenant_id, Buffer.from(text))
      const move = { tenant_id, blob_id, from_version: 2, from_generated, generated: side(text), conflicted: true }
      expect(await studio.store.moveOverlays([{ ...move, fence: at + 2 }])).toMatchObject([{ status: 'moved' }])
      from_generated = sha256(text)
    }
    await collectStagedContents(studio.store.collectContents, new Date(Date.now() + 2 * 86_400_000))
    expect(await readTexts(tenant_id, outputs)).toEqual(outputs)
    await erase(tenant_id, [], [1, 2].map((version) => ({ blob_id, version }))) // prettier-ignore
    expect(await readTexts(tenant_id, [made, edit, ...outputs])).toEqual([null, null, null, null])
  })

  it('is none of the versions that nobody knows the making of', async () => {
    const [tenant_id, made] = [newId(), newId()]
    const blob_id = await edited(tenant_id, [made], newId())
    expect(await studio.store.listUnknown(tenant_id, [{ blob_id, known: [] }])).toMatchObject([{ version: 1 }])
  })
})

it('seals deleted blobs only', async () => {
  const tenant_id = newId()
  const blob_id = await historyOf(tenant_id, ['alive'])
  expect(await studio.store.sealBlob({ tenant_id, blob_id })).toBe(false)
  await studio.store.raiseFences({ tenant_id, blobs: [blob_id], fences: [] })
  expect(await studio.commit(aCommit({ tenant_id, blob_id, from_version: 1 }))).toMatchObject([{ status: 'committed' }])
})

describe('a fence', () => {
  const transform = (tenant_id: string, blob_id: string, from_version: number, fence: number) =>
    aCommit({ tenant_id, blob_id, from_version, fence, operation: 'transform', created_by: 'provider' })

  it('keeps older epochs out, of the first version, too', async () => {
    const [tenant_id, there, absent] = [newId(), newId(), newId()]
    await studio.commitOne(transform(tenant_id, there, 0, 1))
    const fences = [there, absent].map((blob_id) => ({ blob_id, epoch: 3 }))
    await studio.store.raiseFences({ tenant_id, blobs: [], fences })
    expect(await studio.commit(transform(tenant_id, there, 1, 2), transform(tenant_id, absent, 0, 2))).toMatchObject([
      { status: 'conflict' },
      { status: 'conflict' },
    ])
    expect(await studio.commit(transform(tenant_id, there, 1, 3), transform(tenant_id, absent, 0, 3))).toMatchObject([
      { status: 'committed', version: 2 },
      { status: 'committed', version: 1 },
    ])
  })

  it('holds nobody up where it stands already, or a head takes it', async () => {
    const [tenant_id, there, absent, deleted] = [newId(), newId(), newId(), await historyOf(newId(), ['gone'], true)]
    await studio.commitOne(transform(tenant_id, there, 0, 1))
    await studio.store.raiseFences({ tenant_id, blobs: [], fences: [{ blob_id: absent, epoch: 2 }] })
    const fences = [there, absent].map((blob_id) => ({ blob_id, epoch: 2 }))
    await studio.database.transaction(async (committing) => {
      await committing.query('test-read-fences', 'select from fence limit 0', [])
      await studio.store.raiseFences({ tenant_id, blobs: [deleted], fences })
    })
    expect(await studio.commit(transform(tenant_id, there, 1, 1), transform(tenant_id, absent, 0, 1))).toMatchObject([
      { status: 'conflict' },
      { status: 'conflict' },
    ])
  })

  it('waits for what is being committed, and what comes later meets it', async () => {
    const [tenant_id, blob_id] = [newId(), newId()]
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    const { runTogether, chains } = await studio.store.openBatch([transform(tenant_id, newId(), 0, 1)])
    const committing = runTogether(
      async (run) => {
        const judgements = await run(chains)
        begin()
        await held
        return judgements
      },
      () => true,
    )
    await begun
    const raising = studio.store.raiseFences({ tenant_id, blobs: [], fences: [{ blob_id, epoch: 2 }] })
    await studio.blocked(1)
    const late = studio.commit(transform(tenant_id, blob_id, 0, 1))
    await studio.blocked(2)
    letGo()
    await Promise.all([committing, raising])
    expect(await late).toMatchObject([{ status: 'conflict' }])
  })
})

it('races with the packer, the collector and new versions, and nothing is lost or comes back', async () => {
  const tenant_id = newId()
  for (let round = 0; round < 8; round++) {
    const word = `round${round}`
    const texts = Array.from({ length: 6 }, (_, place) => edited(place, word))
    const others = Array.from({ length: 4 }, (_, place) => edited(place + 10, `other${round}`))
    const [purged, kept] = [await historyOf(tenant_id, texts, true), await historyOf(tenant_id, others)]
    await studio.store.sealBlob({ tenant_id, blob_id: purged })
    const more = edited(50, `more${round}`)
    await studio.store.stageContent(tenant_id, Buffer.from(texts[0] ?? ''))
    await Promise.all([
      pack(),
      erase(tenant_id, [purged]),
      pack(),
      collectStagedContents(studio.store.collectContents, new Date(Date.now() + 2 * 86_400_000)),
      studio.commit(aCommit({ tenant_id, blob_id: kept, from_version: others.length, text: more })),
      erase(tenant_id, [purged]),
    ])
    await pack()
    expect(await readTexts(tenant_id, texts)).toEqual(texts.map(() => null))
    expect(await readTexts(tenant_id, [...others, more])).toEqual([...others, more])
    await expectSound()
  }
})
