import { randomUUID } from 'node:crypto'
import type { PreviewResource } from '@studio/contracts'
import { startStudio, waitForValue, type Answer, type TestStudio } from '@studio/testing'
import { user, type User } from './support.ts'

/** Freshness by what a provider says: `pick` reads some fields of a document only, and the time that it writes has no meaning. */

const base = '/api/v1/studio'
const alone = { providers: 'none' }
let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({ workers: { 'test-worker': 'tests/providers/main.ts' } })
}, 180_000)
afterAll(() => studio?.stop())

const document = (title: string, body: string) => JSON.stringify({ title, body })

/** A document, the title picked of it, and a text made of that. */
async function aTitle() {
  const ann = user(studio.as(randomUUID()))
  const source = await ann.create(document('One', 'first'), { ...alone, content_type: 'application/json' })
  const title = await ann.derive('pick', { input: source.id }, { configuration: { fields: ['title'] } })
  await ann.made(title.id, 1)
  return { ann, source, title }
}

async function expectSound(ann: User): Promise<void> {
  expect((await ann.verified(studio)).report).toMatchObject({ findings: [], divergences: 0 })
}

test('an edit of what is not read runs nothing, and what is read counts at once', async () => {
  const { ann, source, title } = await aTitle()
  await ann.edit(source.id, document('One', 'second'))
  const explanation = await waitForValue(
    'the end of the change',
    () => ann.explain(title.id),
    ({ last_change }) => last_change?.outcome === 'unchanged',
  )
  expect(explanation).toMatchObject({ freshness: 'fresh', reasons: [] })
  expect(await ann.runs(title.id)).toHaveLength(1)
  await ann.edit(source.id, document('Two', 'second'))
  expect(await ann.made(title.id, 2)).toContain('Two')
  // Back to a title that was picked before, with a body that never was beside it.
  await ann.edit(source.id, document('One', 'third'))
  expect(await ann.made(title.id, 3)).toContain('One')
  expect((await ann.runs(title.id)).map(({ outcome }) => outcome)).toEqual(['memo', 'version', 'version'])
  await expectSound(ann)
})

test('a preview does not say that it will run', async () => {
  const { ann, source, title } = await aTitle()
  const { body } = (await ann.api.post(`${base}/blobs/${source.id}/preview`, {
    text: document('One', 'second'),
  })) as Answer<{ data: PreviewResource }>
  expect(body.data.nodes).toMatchObject([{ blob_id: title.id, status: 'may_run' }])
})

test('an output that is new by what has no meaning is no version', async () => {
  const { ann, title } = await aTitle()
  const before = await ann.made(title.id, 1)
  // Of another configuration it has to run, and picks the same.
  const { status } = await ann.api.patch(`${base}/derivations/${title.id}`, {
    configuration: { fields: ['title'], note: 'another' },
  })
  expect(status).toBe(200)
  const runs = await waitForValue(
    'another run',
    () => ann.runs(title.id),
    ({ length }) => length === 2,
  )
  expect(runs.map(({ outcome }) => outcome)).toEqual(['cutoff', 'version'])
  expect(await ann.made(title.id, 1)).toBe(before)
  await expectSound(ann)
})
