import type { Blob, StoredOverlay, SubmitDelta, SubmitTransform, TransformOutcome } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import fc from 'fast-check'
import { aChange, aTransform, openFixture, whole, type Fixture } from './fixture.ts'

let f: Fixture
beforeAll(async () => {
  f = await openFixture()
})
afterAll(() => f.close())

/** A derived blob, its provider and its user. */
class Derived {
  readonly id = newId()
  version = 0
  epoch = 0

  async send(transform: Partial<SubmitTransform>): Promise<TransformOutcome> {
    const item = aTransform(f.tenant_id, { blob_id: this.id, fence: this.epoch, parent_id: this.id, ...transform })
    const [outcome] = (await f.deltas.call('submitTransforms', { items: [item] })).items
    if (!outcome) throw new Error('no outcome')
    return outcome
  }

  /** Writes as a worker does: where it is told of another head, after that one. */
  async make(
    text: string | null,
    transform: Partial<SubmitTransform> = {},
  ): Promise<Exclude<TransformOutcome, { status: 'conflict' }>> {
    this.epoch += 1
    const content = text === null ? null : { base64: Buffer.from(text).toString('base64') }
    let [from_version, from_generated]: [number, string | undefined] = [this.version, undefined]
    for (const delta_id = newId(); ;) {
      const outcome = await this.send({ delta_id, content, from_version, from_generated, ...transform })
      if (outcome.status !== 'conflict') {
        if (outcome.status === 'applied' || outcome.status === 'kept') this.version = outcome.version
        return outcome
      }
      ;({ head_version: from_version, generated_hash: from_generated } = outcome)
    }
  }

  async change(change: Partial<SubmitDelta>): Promise<Blob> {
    const [outcome] = await f.submit(aChange(f.tenant_id, { blob_id: this.id, ...change }))
    if (outcome?.status !== 'applied') throw new Error(JSON.stringify(outcome))
    return outcome.blob
  }

  edit(text: string): Promise<Blob> {
    return this.change({ change: whole(text, 'text/plain') })
  }

  async head(): Promise<Blob & { text: string }> {
    const [blob] = (await f.blobs.call('readBlobs', { items: [this.reference] })).items
    if (!blob) throw new Error('no head')
    return { ...blob, text: await textOf(blob.content_hash) }
  }

  async overlay(): Promise<StoredOverlay | null> {
    return (await f.blobs.call('readOverlays', { items: [this.reference] })).items[0] ?? null
  }

  /** Base, edited, generated. */
  async sides(): Promise<string[] | null> {
    const overlay = await this.overlay()
    return (
      overlay &&
      Promise.all([overlay.base, overlay.edited, overlay.generated].map(({ content_hash }) => textOf(content_hash)))
    )
  }

  get reference(): { tenant_id: string; blob_id: string } {
    return { tenant_id: f.tenant_id, blob_id: this.id }
  }
}

async function textOf(hash: string): Promise<string> {
  const [content] = (await f.blobs.call('readContents', { items: [{ tenant_id: f.tenant_id, hash }] })).items
  return Buffer.from(content && 'base64' in content ? content.base64 : '', 'base64').toString()
}

async function derived(text: string): Promise<Derived> {
  const blob = new Derived()
  await blob.make(text)
  return blob
}

const first = 'One.\nTwo.\nThree.'

describe('a user’s edit of a derived blob', () => {
  it('keeps older runs out once a newer one has found nothing to change', async () => {
    const it = await derived(first)
    await it.edit('mine')
    const { fence: late } = { fence: ++it.epoch }
    const generated_hash = sha256(first)
    expect(await it.make(first)).toMatchObject({ status: 'kept', version: 2, overlay: 'edited' })
    const content = { base64: Buffer.from('late').toString('base64') }
    const outcome = await it.send({ content, from_version: 2, from_generated: generated_hash, fence: late })
    expect(outcome).toEqual({ status: 'conflict', head_version: 2, generated_hash })
    expect(await it.sides()).toEqual([first, 'mine', first])
  })

  it('takes each output of a list once, whatever becomes of the others', async () => {
    const one = await derived(first)
    await one.edit('mine')
    const content = { base64: Buffer.from('One.\nTwo.\nFour.').toString('base64') }
    await one.make('One.\nTwo.\nFive.') // A conflict, so that further outputs move on only.
    expect((await one.head()).overlay).toBe('conflicted')
    const moving = aTransform(f.tenant_id, {
      blob_id: one.id, fence: ++one.epoch, parent_id: one.id, from_version: 2, content, from_generated: sha256('One.\nTwo.\nFive.'),
    }) // prettier-ignore
    const unfit = aTransform(f.tenant_id, { content_type: 'application/json' })
    const { items } = await f.deltas.call('submitTransforms', { items: [unfit, moving] })
    expect(items).toMatchObject([
      { status: 'failed', problem: { code: 'invalid_content' } },
      { status: 'kept', version: 2 },
    ])
    expect(await one.sides()).toEqual([first, 'mine', 'One.\nTwo.\nFour.'])
  })

  it('is a version of theirs, and is merged with what the provider makes later, each time from the base', async () => {
    const it = await derived(first)
    expect(await it.edit('One.\nTWO!\nThree.')).toMatchObject({
      version: 2, overlay: 'edited', created_by: 'test-provider',
    }) // prettier-ignore
    expect(await it.make('1.\nTwo.\nThree.')).toMatchObject({ status: 'applied', version: 3, overlay: 'edited' })
    expect((await it.head()).text).toBe('1.\nTWO!\nThree.')
    // Chained on the merge before, the first line would stay 1.
    expect(await it.make('One.\nTwo.\n3.')).toMatchObject({ status: 'applied', version: 4 })
    expect((await it.head()).text).toBe('One.\nTWO!\n3.')
    expect(await it.sides()).toEqual([first, 'One.\nTWO!\nThree.', 'One.\nTwo.\n3.'])
    const { versions } = await f.blobs.call('listVersions', { ...it.reference, limit: 10 })
    const shown = versions.map(({ operation, created_by, generated_hash, content_hash }) =>
      [
        operation,
        created_by,
        generated_hash === null ? 'none' : generated_hash === content_hash ? 'own' : 'merged',
      ].join(' '),
    )
    expect(shown).toEqual([
      'transform test-provider merged',
      'transform test-provider merged',
      'update user merged',
      'transform test-provider none',
    ])
  })

  it('on a merge is one of the newest output', async () => {
    const it = await derived(first)
    await it.edit('One.\nTWO!\nThree.')
    await it.make('1.\nTwo.\nThree.')
    await it.edit('1.\nTWO!\nThree?')
    expect(await it.sides()).toEqual(['1.\nTwo.\nThree.', '1.\nTWO!\nThree?', '1.\nTwo.\nThree.'])
    await it.make('1.\nTwo.\nThree.\nFour.')
    expect((await it.head()).text).toBe('1.\nTWO!\nThree?\nFour.')
  })

  it('that makes it what the provider made ends the overlay', async () => {
    const it = await derived(first)
    await it.edit('Mine.')
    expect(await it.edit(first)).toMatchObject({ overlay: null, version: 3 })
    expect(await it.overlay()).toBeNull()
    expect(await it.make('New.')).toMatchObject({ status: 'applied', overlay: null, version: 4 })
    expect((await it.head()).text).toBe('New.')
  })

  it('works in lists, by revert and with metadata alone', async () => {
    const it = await derived(first)
    const blob_id = it.id
    const { items } = await f.deltas
      .call('submitBatch', {
        items: [
          aChange(f.tenant_id, { blob_id, change: whole('A', 'text/plain') }),
          aChange(f.tenant_id, { blob_id, change: whole('B', 'text/plain') }),
          aChange(f.tenant_id, { blob_id, metadata: { note: 'mine' } }),
        ],
        idempotency_key: null,
        dry_run: false,
        traceparent: null,
      })
      .then((outcome) => {
        if (outcome.status !== 'done') throw new Error(JSON.stringify(outcome))
        return outcome
      })
    expect(items.map((item) => item.status === 'applied' && item.blob.version)).toEqual([2, 3, 4])
    expect(await it.sides()).toEqual([first, 'B', first])
    await it.change({ operation: 'revert', revert_to: 2 })
    expect(await it.sides()).toEqual([first, 'A', first])
    expect(await it.head()).toMatchObject({ version: 5, overlay: 'edited', metadata: { note: 'mine' }, text: 'A' })
    const each = await f.submit(
      aChange(f.tenant_id, { blob_id, change: whole('C', 'text/plain') }),
      aChange(f.tenant_id, { blob_id, change: whole('D', 'text/plain') }),
    )
    expect(each.map(({ status }) => status)).toEqual(['applied', 'applied'])
    expect(await it.sides()).toEqual([first, 'D', first])
  })

  it('outlives a tombstone: what is made again is merged again', async () => {
    const it = await derived(first)
    await it.edit('One.\nTWO!\nThree.')
    expect(await it.make(null)).toMatchObject({ status: 'applied', version: 3, overlay: 'edited' })
    // Another attempt finds it done.
    expect(await it.make(null)).toMatchObject({ status: 'applied', version: 3, overlay: 'edited' })
    expect((await it.head()).deleted_at).not.toBeNull()
    expect(await it.make(first)).toMatchObject({ status: 'applied', version: 4, overlay: 'edited' })
    expect(await it.head()).toMatchObject({ text: 'One.\nTWO!\nThree.', deleted_at: null })
    await it.edit('Mine.')
    await it.make('Theirs.')
    await it.make(null)
    await it.make('Theirs again.')
    expect(await it.head()).toMatchObject({ text: 'Mine.', deleted_at: null, overlay: 'conflicted' })
  })

  it('makes no version where the merge is what the blob holds', async () => {
    const it = await derived(first)
    await it.edit('1.\nTwo.\nThree.')
    expect(await it.make('1.\nTwo.\nThree.')).toMatchObject({ status: 'kept', version: 2, overlay: 'edited' })
    expect(await it.sides()).toEqual([first, '1.\nTwo.\nThree.', '1.\nTwo.\nThree.'])
    // The edit is still one: the provider goes back, the user does not.
    expect(await it.make(first)).toMatchObject({ status: 'kept', version: 2 })
    expect((await it.head()).text).toBe('1.\nTwo.\nThree.')
  })
})

describe('a conflict', () => {
  it('keeps the user’s content, and only the newest output moves, until it is settled', async () => {
    const it = await derived(first)
    await it.edit('One!\nTwo.\nThree.')
    expect(await it.make('One?\nTwo.\nThree.')).toMatchObject({ status: 'kept', version: 2, overlay: 'conflicted' })
    expect(await it.make('One.\nTwo.\nThree.\nFour.')).toMatchObject({ status: 'kept', overlay: 'conflicted' })
    expect(await it.head()).toMatchObject({ version: 2, text: 'One!\nTwo.\nThree.', overlay: 'conflicted' })
    await it.edit('One!!\nTwo.\nThree.')
    expect(await it.sides()).toEqual([first, 'One!!\nTwo.\nThree.', 'One.\nTwo.\nThree.\nFour.'])
    expect((await it.head()).overlay).toBe('conflicted')
  })

  it('takes back a merge that went before', async () => {
    const it = await derived(first)
    await it.edit('One!\nTwo.\nThree.')
    await it.make('One.\nTwo.\nThree.\nFour.')
    expect(await it.make('One?\nTwo.\nThree.')).toMatchObject({ status: 'applied', version: 4, overlay: 'conflicted' })
    expect((await it.head()).text).toBe('One!\nTwo.\nThree.')
  })

  const conflicted = async (): Promise<Derived> => {
    const it = await derived(first)
    await it.edit('One!\nTwo.\nThree.')
    await it.make('One?\nTwo.\nThree.')
    return it
  }
  const settle = (take: 'generated' | 'edited' | 'content', generated_hash: string | null = null) => ({
    settle: { take, generated_hash },
  })

  it('is settled by the output, by the edit, or by something else', async () => {
    const generated = await conflicted()
    expect(await generated.change(settle('generated'))).toMatchObject({ overlay: null, version: 3 })
    expect(await generated.overlay()).toBeNull()
    expect((await generated.head()).text).toBe('One?\nTwo.\nThree.')

    const edited = await conflicted()
    expect(await edited.change(settle('edited'))).toMatchObject({ overlay: 'edited', version: 3 })
    expect(await edited.sides()).toEqual(['One?\nTwo.\nThree.', 'One!\nTwo.\nThree.', 'One?\nTwo.\nThree.'])
    await edited.make('One?\nTwo.\n3.')
    expect((await edited.head()).text).toBe('One!\nTwo.\n3.')

    const other = await conflicted()
    const change = whole('One!?\nTwo.\nThree.', 'text/plain')
    expect(await other.change({ ...settle('content'), change })).toMatchObject({ overlay: 'edited' })
    await other.make('One?\nTwo.\n3.')
    expect((await other.head()).text).toBe('One!?\nTwo.\n3.')
  })

  it('is not settled for an output that nobody has seen, nor where there is none', async () => {
    const it = await conflicted()
    const refused = async (change: Partial<SubmitDelta>, blob = it) =>
      (await f.submit(aChange(f.tenant_id, { blob_id: blob.id, ...change })))[0]
    await it.make('One??\nTwo.\nThree.')
    expect(await refused(settle('edited', sha256('One?\nTwo.\nThree.')))).toMatchObject({
      problem: { code: 'version_conflict' },
    })
    expect(await refused(settle('edited', sha256('One??\nTwo.\nThree.')))).toMatchObject({ status: 'applied' })
    expect(await refused(settle('edited'), await derived(first))).toMatchObject({
      problem: { code: 'overlay_not_found' },
    })
  })
})

describe('whoever comes second', () => {
  it('is never let in over an edit that they do not know of', async () => {
    const it = await derived(first)
    await it.edit('Mine.')
    it.epoch += 1
    const content = { base64: Buffer.from('Theirs.').toString('base64') }
    const generated_hash = sha256(first)
    expect(await it.send({ content, from_version: 1 })).toEqual({ status: 'conflict', head_version: 2, generated_hash })
    expect(await it.send({ content, from_version: 2 })).toEqual({ status: 'conflict', head_version: 2, generated_hash })
    expect(await it.send({ content, from_version: 2, from_generated: sha256('other') })).toMatchObject({
      status: 'conflict', generated_hash,
    }) // prettier-ignore
    expect((await it.head()).text).toBe('Mine.')
  })

  it('of one epoch does not take back what another attempt has told the overlay', async () => {
    const it = await derived(first)
    await it.edit('One!\nTwo.\nThree.')
    await it.make('One?\nTwo.\nThree.')
    const late = { content: { base64: Buffer.from('Late.').toString('base64') }, from_version: 2 }
    expect(await it.send({ ...late, from_generated: sha256(first) })).toMatchObject({ status: 'conflict' })
    expect(await it.send({ ...late, fence: 1, from_generated: sha256('One?\nTwo.\nThree.') })).toMatchObject({
      status: 'conflict',
    })
    expect((await it.sides())?.[2]).toBe('One?\nTwo.\nThree.')
  })

  it('with the same delta is answered as the first time', async () => {
    const it = await derived(first)
    await it.edit('One.\nTWO!\nThree.')
    const delta_id = newId()
    const made = await it.make('1.\nTwo.\nThree.', { delta_id })
    expect(await it.make('1.\nTwo.\nThree.', { delta_id })).toEqual(made)
    expect((await it.head()).version).toBe(3)
  })

  it('user or provider: neither loses what they did, at whatever moment they meet', async () => {
    for (let round = 0; round < 15; round += 1) {
      const it = await derived(first)
      if (round % 3 === 0) await it.edit('One.\nTwo.\nthree')
      const mine = round % 3 === 0 ? 'One.\nTWO!\nthree' : 'One.\nTWO!\nThree.'
      const [, made] = await Promise.all([it.edit(mine), it.make('1.\nTwo.\nThree.')])
      expect(made.status).not.toBe('failed')
      const { text } = await it.head()
      // The user was first, and is merged; or was last, and it is their text against the newer output.
      expect([mine.replace('One', '1'), mine]).toContain(text)
      const [base = ''] = (await it.sides()) ?? []
      expect(base).toBe(text === mine ? '1.\nTwo.\nThree.' : first)
    }
  })
})

describe('over any history', () => {
  type Flat = Record<string, string>
  /** No member has the value of another one: two documents do not look as if one had been renamed. */
  const flat = fc
    .dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 2 }), { maxKeys: 3 })
    .map((members): Flat =>
      Object.fromEntries(Object.entries(members).map(([name, value]) => [name, `${name}${value}`])),
    )
  const step = fc.oneof(
    fc.record({ by: fc.constant('provider' as const), doc: flat }),
    fc.record({ by: fc.constant('user' as const), doc: flat }),
    fc.record({ by: fc.constantFrom('deletion' as const, 'take-generated' as const, 'take-edited' as const) }),
  )

  function mergeFlat({ base, edited, generated }: Record<'base' | 'edited' | 'generated', Flat>): Flat | null {
    const merged: Flat = {}
    for (const name of 'abc') {
      const [was, theirs, ours] = [base[name], generated[name], edited[name]]
      if (was !== theirs && was !== ours && theirs !== ours) return null
      const value = was === theirs ? ours : theirs
      if (value !== undefined) merged[name] = value
    }
    return merged
  }
  const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

  it('the head is what the overlay gives, and no edit is lost', async () => {
    await fc.assert(
      fc.asyncProperty(flat, fc.array(step, { minLength: 1, maxLength: 8 }), async (start, steps) => {
        const type = { content_type: 'application/json' }
        const it = new Derived()
        await it.make(JSON.stringify(start), type)
        let generated: Flat = start
        let overlay = null as { base: Flat; edited: Flat; conflicted: boolean } | null
        let head: Flat = start
        for (const one of steps) {
          if (one.by === 'provider' || one.by === 'deletion') {
            if (one.by === 'provider') generated = one.doc
            else await it.make(null, type)
            await it.make(JSON.stringify(generated), type)
            const merged: Flat | null = overlay ? mergeFlat({ ...overlay, generated }) : generated
            if (overlay && merged === null) overlay = { ...overlay, conflicted: true }
            head = overlay?.conflicted ? overlay.edited : (merged ?? generated)
          } else if (one.by === 'user') {
            await it.change({ change: whole(JSON.stringify(one.doc)) })
            head = one.doc
            overlay = isSame(one.doc, generated)
              ? null
              : overlay?.conflicted
                ? { ...overlay, edited: one.doc }
                : { base: generated, edited: one.doc, conflicted: false }
          } else if (overlay) {
            const take = one.by === 'take-generated' ? 'generated' : 'edited'
            await it.change({ settle: { take, generated_hash: null } })
            head = take === 'generated' ? generated : overlay.edited
            overlay = isSame(head, generated) ? null : { base: generated, edited: overlay.edited, conflicted: false }
          }
          const now = await it.head()
          expect(JSON.parse(now.text)).toEqual(head)
          expect(now.overlay).toBe(overlay && (overlay.conflicted ? 'conflicted' : 'edited'))
          const sides = (await it.sides())?.map((side) => JSON.parse(side) as unknown) ?? null
          expect(sides).toEqual(overlay && [overlay.base, overlay.edited, generated])
        }
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})
