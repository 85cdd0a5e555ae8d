import { randomUUID } from 'node:crypto'
import type { CascadeResource, PreviewResource, RunResource } from '@studio/contracts'
import { startStudio, type Answer, type TestStudio } from '@studio/testing'
import { pricePer1kTokens, startLanguageModel, type LanguageModel } from './language-model.ts'
import { user, type User } from './support.ts'

/** What a change would cost, asked before; and what it did cost, asked afterwards: the second must be as the first said. */

const base = '/api/v1/studio'
const alone = { providers: 'none' }
let studio: TestStudio
let model: LanguageModel

beforeAll(async () => {
  model = await startLanguageModel()
  studio = await startStudio({
    workers: { 'test-worker': 'tests/providers/main.ts' },
    env: model.env,
  })
}, 180_000)
afterAll(async () => {
  await studio?.stop()
  model?.close()
})

const newUser = () => user(studio.as(randomUUID()))

async function previewed(ann: User, id: string, change?: unknown, headers?: Record<string, string>) {
  const answer: Answer<{ data: PreviewResource }> = await ann.api.post(`${base}/blobs/${id}/preview`, change, headers)
  expect(answer).toMatchObject({ status: 200, body: { data: { blob_id: id } } })
  return answer.body.data
}

const statusesOf = ({ nodes }: PreviewResource) => new Map(nodes.map(({ blob_id, status }) => [blob_id, status]))
const runsOf = async (ann: User, { nodes }: PreviewResource) =>
  new Map(await Promise.all(nodes.map(async ({ blob_id }) => [blob_id, await ann.runs(blob_id)] as const)))

/** Whether what became of a node is what its preview said. */
function agrees(status: string | undefined, ran: readonly RunResource[]): boolean {
  const outcomes = ran.map(({ outcome }) => outcome)
  switch (status) {
    case 'will_run':
      return outcomes.length === 1 && (outcomes[0] === 'version' || outcomes[0] === 'cutoff')
    case 'memo':
      return outcomes.length === 1 && outcomes[0] === 'memo'
    case 'fresh':
      return outcomes.length === 0
    default:
      return status === 'may_run'
  }
}

/** Makes a change that was previewed, and holds each node to what was said of it. */
async function change(ann: User, root: string, nodes: number, preview: PreviewResource, make: () => Promise<unknown>) {
  const before = await runsOf(ann, preview)
  await make()
  await ann.settled(root, nodes)
  const after = await runsOf(ann, preview)
  const statuses = statusesOf(preview)
  const wrong = [...after].flatMap(([id, runs]) => {
    const ran = runs.slice(0, runs.length - (before.get(id)?.length ?? 0))
    return agrees(statuses.get(id), ran) ? [] : [{ id, status: statuses.get(id), ran }]
  })
  expect(wrong).toEqual([])
  const computed = [...after].flatMap(([id, runs]) => runs.slice(0, runs.length - (before.get(id)?.length ?? 0)))
  return computed.filter(({ outcome }) => outcome === 'version' || outcome === 'cutoff').length
}

test('each node does what the preview of the change said, and a revert runs nothing', async () => {
  const ann = newUser()
  const root = await ann.create('some words', alone)
  const stamped = await ann.derive('stamp', { input: root.id })
  const { blob_id: capitals } = await ann.process('faulty', root.id)
  const belowCapitals = await ann.derive('stamp', { input: capitals })
  const joined = await ann.derive('join', { parts: [stamped.id, belowCapitals.id] })
  await ann.settled(root.id, 5)
  expect((await previewed(ann, root.id)).totals).toMatchObject({ will_run: 0, may_run: 0, memo: 0, fresh: 4 })

  // Capitals of it are what they were: what is below them is left alone.
  const sameCapitals = await previewed(ann, root.id, { text: 'SOME words' })
  expect(Object.fromEntries(statusesOf(sameCapitals))).toEqual({
    [stamped.id]: 'will_run',
    [capitals]: 'will_run',
    [belowCapitals.id]: 'may_run',
    [joined.id]: 'may_run',
  })
  const { totals } = sameCapitals
  expect(totals.unestimated).toBe(0)
  expect(totals.at_most.duration_ms ?? 0).toBeGreaterThan(totals.expected.duration_ms ?? 0)
  expect(sameCapitals.nodes.at(-1)).toMatchObject({ level: 3, changed_inputs: [stamped.id, belowCapitals.id] })
  expect(await change(ann, root.id, 5, sameCapitals, () => ann.edit(root.id, 'SOME words'))).toBe(3)

  const other = await previewed(ann, root.id, [{ insert: 'other ' }], {
    'content-type': 'application/vnd.studio.text-patch+json',
  })
  expect(await change(ann, root.id, 5, other, () => ann.edit(root.id, 'other SOME words'))).toBe(4)

  // Back to the first text: all of it is recorded.
  const back = await previewed(ann, root.id, { text: 'some words' })
  expect(back.totals).toMatchObject({ will_run: 0, may_run: 0, memo: 4, expected: { duration_ms: null } })
  const revert = () => ann.api.post(`${base}/blobs/${root.id}/revert`, { to_version: 1 })
  expect(await change(ann, root.id, 5, back, revert)).toBe(0)
  // And from there to the second: the capitals are recorded, and are there already.
  const again = await previewed(ann, root.id, { text: 'SOME words' })
  expect(statusesOf(again).get(capitals)).toBe('memo')
  expect(statusesOf(again).get(belowCapitals.id)).toBe('fresh')
  expect(await change(ann, root.id, 5, again, () => ann.edit(root.id, 'SOME words'))).toBe(0)
  expect((await ann.explain(belowCapitals.id)).last_change).toMatchObject({
    outcome: 'unchanged',
    equal_inputs: [capitals],
  })
})

test('tokens and money of runs are recorded, expected of the next ones, and summed up for the cascade', async () => {
  const ann = newUser()
  const root = await ann.create('A text.', alone)
  const taken = { tokens: 50, cost_microdollars: (50 * pricePer1kTokens) / 1000 }
  const first = await previewed(ann, root.id)
  expect(first).toMatchObject({ nodes: [], totals: { expected: { duration_ms: null, tokens: null } } })
  const expanded = await ann.derive('text-expander', { input: root.id })
  const shorter = await ann.derive('text-expander', { input: root.id }, { label: 'shorter', configuration: { target_length: 9 } }) // prettier-ignore
  // Grammar-checker and summariser follow each of them.
  await ann.settled(root.id, 7)
  const [run] = await ann.runs(expanded.id)
  expect(run).toMatchObject({ outcome: 'version', attempts: 1, usage: taken })

  const preview = await previewed(ann, root.id, { text: 'Another text.' })
  expect(preview.nodes.filter(({ provider_id }) => provider_id === 'text-expander')).toMatchObject(
    [expanded, shorter].map(() => ({ status: 'will_run', provider_version: '1.1.0+some-model', expected: taken })),
  )
  expect(preview.totals.expected).toMatchObject({ tokens: 100, cost_microdollars: 2 * taken.cost_microdollars })
  await change(ann, root.id, 7, preview, () => ann.edit(root.id, 'Another text.'))

  const explained = await ann.explain(expanded.id)
  const cascade: Answer<{ data: CascadeResource }> = await ann.api.get(
    `${base}/cascades/${explained.last_change?.cascade_id}`,
  )
  const [delta] = await ann.deltas(root.id)
  expect([cascade.status, cascade.body]).toMatchObject([
    200,
    {
      data: {
        root_id: root.id,
        delta_id: delta?.id,
        settled_at: expect.any(String),
        planned: preview.totals.will_run + preview.totals.may_run,
        usage: { tokens: 100, cost_microdollars: 2 * taken.cost_microdollars },
      },
    },
  ])
  expect(Object.values(cascade.body.data.runs).reduce((sum, count) => sum + count, 0)).toBe(cascade.body.data.planned)
  const stranger = await newUser().api.get(`${base}/cascades/${cascade.body.data.id}`)
  expect([stranger.status, stranger.body]).toMatchObject([404, { code: 'cascade_not_found' }])
})

test('what triggers would add to a blob is foreseen with its id', async () => {
  const ann = newUser()
  const root = await ann.create('{"plain": "data"}', { content_type: 'application/json' })
  expect((await previewed(ann, root.id, { text: '{"other": 1}' })).nodes).toEqual([])
  const preview = await previewed(ann, root.id, { text: 'A text by now.', content_type: 'text/plain' })
  expect(preview.nodes).toMatchObject([
    { provider_id: 'text-expander', status: 'will_run', level: 1, expected: null, changed_inputs: [root.id] },
  ])
  expect(preview.totals).toMatchObject({ will_run: 1, unestimated: 1 })
  await ann.api.patch(`${base}/blobs/${root.id}`, { text: 'A text by now.', content_type: 'text/plain' })
  const { nodes } = await ann.settled(root.id, 4)
  expect(nodes.find(({ level }) => level === 1)?.blob_id).toBe(preview.nodes[0]?.blob_id)
})

test('a preview of what is refused is refused alike, and leaves no trace', async () => {
  const ann = newUser()
  const root = await ann.create('a text', alone)
  const refused = await ann.api.post(`${base}/blobs/${root.id}/preview?from_version=7&conflict=reject`, { text: 'b' })
  expect([refused.status, refused.body]).toMatchObject([409, { code: 'version_conflict' }])
  const stranger = newUser()
  for (const change of [undefined, { text: 'mine' }]) {
    const answer = await stranger.api.post(`${base}/blobs/${root.id}/preview`, change)
    expect([answer.status, answer.body]).toMatchObject([404, { code: 'blob_not_found' }])
  }
  await previewed(ann, root.id, { text: 'never written' })
  expect(await ann.read(root.id)).toMatchObject({ version: 1, text: 'a text' })
  expect(await ann.versions(root.id)).toHaveLength(1)
})
