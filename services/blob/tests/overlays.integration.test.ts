import type { Commit, Overlay, OverlayMove, StudioEvent } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { aCommit, bytesOf, hashOf, openFixture, type Fixture } from './fixture.ts'

let f: Fixture
beforeAll(async () => {
  f = await openFixture()
})
afterAll(() => f.close())

const type = { content_type: 'text/plain' }
const side = (text: string) => ({ content_hash: sha256(text), ...type })
const overlay = (base: string, edited: string, generated: string, conflicted = false): Overlay => ({
  base: side(base), edited: side(edited), generated: side(generated), conflicted,
}) // prettier-ignore

/** A provider's text, and a user's edit of it; answers the edit. */
async function edited(made = newId(), edit = newId()): Promise<{ head: Commit; made: string; edit: string }> {
  const first = aCommit({ text: made, operation: 'transform', created_by: 'maker', fence: 1 })
  await f.commitOne(first)
  const head = {
    ...first,
    ...onto(1),
    content: bytesOf(edit),
    operation: 'update' as const,
    created_by: 'user',
    fence: 0,
  }
  await f.commitOne({ ...head, overlay: { from_generated: null, next: overlay(made, edit, made) } })
  return { head, made, edit }
}

const onto = (from_version: number) => ({ delta_id: newId(), from_version, overlay: undefined })
const read = async ({ tenant_id, blob_id }: Commit) => (await f.store.readOverlays([{ tenant_id, blob_id }]))[0]
const isThere = async ({ tenant_id }: Commit, text: string) =>
  (await f.store.readContents([{ tenant_id, ...hashOf(text) }]))[0] !== null

describe('an overlay', () => {
  it('is written with its version, and told with it', async () => {
    const { head, made, edit } = await edited()
    expect(await read(head)).toEqual({
      version: 2,
      base: { ...side(made), size: 36, version: 1 },
      edited: { ...side(edit), size: 36, version: 2 },
      generated: { ...side(made), size: 36, version: 1 },
      conflicted: false,
    })
    const facts = (await f.events()).flatMap(({ data }: StudioEvent): unknown[] => data.facts)
    const ours = facts.filter((fact) => (fact as { blob_id: string }).blob_id === head.blob_id)
    expect(ours).toMatchObject([
      { version: 1, overlay: null },
      { version: 2, overlay: { state: 'edited', generated: side(made) } },
    ])
    expect(await f.store.readVersions([{ ...head, version: 2 }])).toMatchObject([
      { overlay: 'edited', generated_hash: sha256(made) },
    ])
  })

  it('stands against content that was planned without it, or on another output', async () => {
    const { head, made, edit } = await edited()
    const transform = {
      ...head,
      operation: 'transform' as const,
      created_by: 'maker',
      fence: 2,
      content: bytesOf('new'),
    }
    const next = overlay(made, edit, made)
    expect(
      await f.commit(
        { ...transform, ...onto(2) },
        { ...head, ...onto(2), content: bytesOf('theirs') },
        { ...transform, ...onto(2), overlay: { from_generated: null, next } },
        { ...transform, ...onto(2), overlay: { from_generated: sha256('other'), next } },
        { ...transform, ...onto(2), overlay: { from_generated: sha256(made), next: overlay(made, edit, newId()) } },
      ),
    ).toEqual([...Array(4).fill({ status: 'overlaid', head_version: 2 }), { status: 'content_missing' }])
    // Where there is none, nobody may follow one.
    const first = aCommit({ operation: 'transform', created_by: 'maker', fence: 1 })
    await f.commitOne(first)
    const stray = {
      ...first,
      ...onto(1),
      fence: 2,
      content: bytesOf('new'),
      overlay: { from_generated: sha256(made), next: null },
    }
    expect(await f.commit(stray)).toEqual([{ status: 'overlaid', head_version: 1 }])
  })

  it('goes along with what leaves the content alone, and ends where it is said', async () => {
    const { head, made, edit } = await edited()
    await f.commitOne({ ...head, ...onto(2), content: null, content_type: null, metadata: { note: 1 } })
    expect(await read(head)).toMatchObject({ version: 3, edited: side(edit), generated: side(made) })
    const gone = await f.commitOne({
      ...head,
      ...onto(3),
      operation: 'delete',
      content: null,
      created_by: 'maker',
      fence: 2,
    })
    expect(gone.blob.overlay).toBe('edited')
    expect(await read(head)).toMatchObject({ version: 4, edited: side(edit) })
    const ended = await f.commitOne({
      ...head, ...onto(4), operation: 'revert', content: hashOf(made), overlay: { from_generated: sha256(made), next: null },
    }) // prettier-ignore
    expect(ended.blob.overlay).toBeNull()
    expect(await read(head)).toBeNull()
  })

  it('moves on without a version, for who follows its output and is not late', async () => {
    const { head, made, edit } = await edited()
    const { tenant_id, blob_id } = head
    const [newer] = [newId()]
    await f.store.stageContent(tenant_id, Buffer.from(newer))
    const move: OverlayMove = {
      tenant_id, blob_id, from_version: 2, from_generated: sha256(made), fence: 2, generated: side(newer), conflicted: true,
    } // prettier-ignore
    const conflict = { status: 'conflict', head_version: 2 }
    const move1 = async (given: Partial<OverlayMove>) => (await f.store.moveOverlays([{ ...move, ...given }]))[0]
    expect(await move1({ from_version: 1 })).toEqual(conflict)
    expect(await move1({ from_generated: sha256(edit) })).toEqual(conflict)
    expect(await move1({ fence: 0 })).toEqual(conflict)
    expect(await move1({ tenant_id: newId() })).toEqual({ status: 'conflict', head_version: 1 })
    expect(await move1({ generated: side(newId()) })).toEqual({ status: 'content_missing' })
    expect(await move1({})).toMatchObject({
      status: 'moved',
      blob: { version: 2, overlay: 'conflicted', content_hash: sha256(edit) },
    })
    expect(await move1({})).toEqual(conflict)
    expect(await read(head)).toMatchObject({ version: 2, generated: side(newer), conflicted: true })
  })
})

describe('who waits for another at the head', () => {
  /** Lets both come to wait for the head, one behind the other, before either goes on. */
  async function inTurn<First, Second>(
    { blob_id }: Commit,
    first: () => Promise<First>,
    second: () => Promise<Second>,
  ) {
    const running: { first?: Promise<First>; second?: Promise<Second> } = {}
    await f.database.transaction(async (transaction) => {
      await transaction.query('test-hold', 'select from blob where id = $1 for no key update', [blob_id])
      running.first = first()
      await f.blocked(1)
      running.second = second()
      await f.blocked(2)
    })
    return [await running.first, await running.second] as const
  }

  async function moving({ tenant_id, blob_id }: Commit, from: string, fence = 2) {
    const newer = newId()
    await f.store.stageContent(tenant_id, Buffer.from(newer))
    const move: OverlayMove = {
      tenant_id, blob_id, from_version: 2, from_generated: sha256(from), fence, generated: side(newer), conflicted: true,
    } // prettier-ignore
    return { newer, move: async () => (await f.store.moveOverlays([move]))[0] }
  }

  it('a commit sees the output that has been told meanwhile', async () => {
    const { head, made, edit } = await edited()
    const { newer, move } = await moving(head, made)
    const settling = {
      ...head,
      ...onto(2),
      content: hashOf(made),
      overlay: { from_generated: sha256(made), next: null },
    }
    const run = async () => (await f.store.openBatch([settling])).run([[0]])
    const [moved, judged] = await inTurn(head, move, run)
    expect(moved).toMatchObject({ status: 'moved' })
    expect([...(judged?.values() ?? [])]).toEqual([{ verdict: 'overlaid', head_version: 2 }])
    expect(await f.commit(settling)).toEqual([{ status: 'overlaid', head_version: 2 }])
    expect(await read(head)).toMatchObject({ version: 2, edited: side(edit), generated: side(newer), conflicted: true })
  })

  it('what leaves the content alone takes that output along, and tells it', async () => {
    const { head, made, edit } = await edited()
    const { newer, move } = await moving(head, made)
    const noting = { ...head, ...onto(2), content: null, content_type: null, metadata: { note: 1 } }
    const [moved, [noted] = []] = await inTurn(head, move, () => f.commit(noting))
    expect(moved).toMatchObject({ status: 'moved' })
    expect(noted).toMatchObject({ status: 'committed', version: 3, blob: { overlay: 'conflicted' } })
    expect(await read(head)).toMatchObject({ version: 3, edited: side(edit), generated: side(newer), conflicted: true })
    const facts = (await f.events()).flatMap(({ data }: StudioEvent): unknown[] => data.facts)
    expect(facts.filter((fact) => (fact as { blob_id: string }).blob_id === head.blob_id).at(-1)).toMatchObject({
      version: 3,
      overlay: { state: 'conflicted', generated: side(newer) },
    })
  })

  it('a move finds the version that has been made meanwhile, and the output', async () => {
    const { head, made } = await edited()
    const { move } = await moving(head, made)
    const noting = { ...head, ...onto(2), content: null, content_type: null, metadata: { note: 1 } }
    expect(await inTurn(head, () => f.commit(noting), move)).toMatchObject([
      [{ status: 'committed' }],
      { status: 'conflict', head_version: 3 },
    ])
    const other = await edited()
    const [one, two] = [await moving(other.head, other.made), await moving(other.head, other.made)]
    expect(await inTurn(other.head, one.move, two.move)).toMatchObject([{ status: 'moved' }, { status: 'conflict' }])
    expect(await read(other.head)).toMatchObject({ generated: side(one.newer) })
  })
})

describe('the collector', () => {
  it('leaves the sides of overlays alone, and outputs that they have left behind', async () => {
    const { head, made } = await edited()
    const { tenant_id, blob_id } = head
    const [one, two] = [newId(), newId()]
    let from_generated = sha256(made)
    for (const [fence, text] of [
      [2, one],
      [3, two],
    ] as const) {
      await f.store.stageContent(tenant_id, Buffer.from(text))
      const move = {
        tenant_id,
        blob_id,
        from_version: 2,
        from_generated,
        fence,
        generated: side(text),
        conflicted: true,
      }
      expect(await f.store.moveOverlays([move])).toMatchObject([{ status: 'moved' }])
      from_generated = sha256(text)
    }
    await f.store.collectContents(new Date(Date.now() + 60_000), 1000)
    expect(await Promise.all([made, one, two].map((text) => isThere(head, text)))).toEqual([true, true, true])
  })
})
