import { randomUUID } from 'node:crypto'
import { startStudio, waitForValue, type TestStudio } from '@studio/testing'
import { user } from './support.ts'

/** Graphs that are made by hand: several inputs, diamonds, several roots; what they refuse, and what becomes of them when inputs go. */

const base = '/api/v1/studio'
let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({ workers: { 'test-worker': 'tests/providers/main.ts' } })
}, 180_000)
afterAll(() => studio?.stop())

const newUser = () => user(studio.as(randomUUID()))
const alone = { providers: 'none' }

test('two texts are compared, and compared again when one of them changes', async () => {
  const ann = newUser()
  const [before, after] = [await ann.create('The cat sat.\n', alone), await ann.create('The dog sat.\n', alone)]
  const inputs = { before: before.id, after: after.id }
  const derivation = await ann.derive('compare', inputs)
  expect(derivation).toMatchObject({
    provider_id: 'compare',
    inputs: { before: [before.id], after: [after.id] },
    version: 0,
    label: '',
  })
  const first = await ann.made(derivation.id, 1)
  expect(first).toContain('cat')
  expect(first).toContain('dog')
  await ann.edit(after.id, 'The owl sat.\n')
  expect(await ann.made(derivation.id, 2)).toContain('owl')
  // The same again is the same; under a label it is another one.
  expect((await ann.derive('compare', inputs, {}, 200)).id).toBe(derivation.id)
  expect((await ann.derive('compare', inputs, { label: 'again' })).id).not.toBe(derivation.id)
})

test('a report is made of a list of texts, in their order, and rewired by a change of its inputs', async () => {
  const ann = newUser()
  const texts = await Promise.all(
    ['# One\n\nfirst', '# Two\n\nsecond', '# Three\n\nthird'].map((text) => ann.create(text, alone)),
  )
  const [one = '', two = '', three = ''] = texts.map(({ id }) => id)
  const report = await ann.derive('report', { texts: [two, one] }, { configuration: { title: 'All' } })
  const made = await ann.made(report.id, 1)
  expect(made.indexOf('second')).toBeGreaterThan(0)
  expect(made.indexOf('second')).toBeLessThan(made.indexOf('first'))
  const { status } = await ann.api.patch(`${base}/derivations/${report.id}`, { inputs: { texts: [one, two, three] } })
  expect(status).toBe(200)
  const rewired = await ann.made(report.id, 2)
  expect(['first', 'second', 'third'].map((word) => rewired.indexOf(word)).toSorted((a, b) => a - b)).toEqual(
    ['first', 'second', 'third'].map((word) => rewired.indexOf(word)),
  )
})

test('a diamond runs each node once a change, after all of its inputs', async () => {
  const ann = newUser()
  const root = await ann.create('the top', alone)
  const left = await ann.derive('stamp', { input: root.id }, { configuration: { mark: 'left' }, label: 'left' })
  const right = await ann.derive('stamp', { input: root.id }, { configuration: { mark: 'right' }, label: 'right' })
  const bottom = await ann.derive('join', { parts: [left.id, right.id] })
  await ann.made(bottom.id, 1)
  for (const [at, text] of ['another top', 'a third top', 'a fourth top'].entries()) {
    await ann.edit(root.id, text)
    await ann.made(bottom.id, at + 2)
  }
  const runs = await ann.runs(bottom.id)
  expect(runs).toHaveLength(4)
  // Never of a mix: both sides of each run were made of one version of the top.
  const versionsOfRoot = async (id: string) =>
    new Map((await ann.runs(id)).map(({ version, inputs }) => [version, inputs[0]?.version]))
  const [lefts, rights] = await Promise.all([versionsOfRoot(left.id), versionsOfRoot(right.id)])
  for (const { inputs } of runs) expect(lefts.get(inputs[0]?.version ?? 0)).toBe(rights.get(inputs[1]?.version ?? 0))
})

test('edits of two roots that meet in one node leave it made of the newest of both', async () => {
  const ann = newUser()
  const [one, other] = [await ann.create('one 0', alone), await ann.create('other 0', alone)]
  const sides = await Promise.all([one, other].map(({ id }) => ann.derive('stamp', { input: id })))
  const meeting = await ann.derive('join', { parts: sides.map(({ id }) => id) })
  await ann.made(meeting.id, 1)
  await Promise.all([1, 2, 3, 4, 5].flatMap((at) => [ann.edit(one.id, `one ${at}`), ann.edit(other.id, `other ${at}`)]))
  const graphs = await Promise.all([ann.settled(one.id, 3), ann.settled(other.id, 3)])
  expect(graphs.map(({ nodes }) => nodes.some(({ blob_id }) => blob_id === meeting.id))).toEqual([true, true])
  const [newest] = await ann.runs(meeting.id)
  const heads = await Promise.all(sides.map(({ id }) => ann.read(id)))
  expect(newest?.inputs.map(({ content_hash }) => content_hash)).toEqual(heads.map(({ content_hash }) => content_hash))
  expect(await ann.explain(meeting.id)).toMatchObject({ freshness: 'fresh', reasons: [] })
})

test('what would feed on itself is refused, with the way named', async () => {
  const ann = newUser()
  const root = await ann.create('root', alone)
  const top = await ann.derive('join', { parts: [root.id] })
  const middle = await ann.derive('stamp', { input: top.id })
  const below = await ann.derive('stamp', { input: middle.id })
  const { status, body } = await ann.api.patch(`${base}/derivations/${top.id}`, {
    inputs: { parts: [root.id, below.id] },
  })
  expect([status, body]).toMatchObject([
    409,
    { code: 'derivation_cycle', cycle: [top.id, middle.id, below.id, top.id] },
  ])
  expect((await ann.derivation(top.id)).inputs).toEqual({ parts: [root.id] })
})

test.each<[string, (ann: ReturnType<typeof user>, text: string) => Promise<object>, number, string, string]>([
  [
    'a missing input',
    async (_ann, text) => ({ provider_id: 'compare', inputs: { before: text } }),
    422,
    'input_not_supported',
    '/inputs/after',
  ],
  [
    'an unknown input',
    async (_ann, text) => ({ provider_id: 'stamp', inputs: { input: text, other: text } }),
    422,
    'input_not_supported',
    '/inputs/other',
  ],
  [
    'a list where one is taken',
    async (_ann, text) => ({ provider_id: 'stamp', inputs: { input: [text, text] } }),
    422,
    'input_not_supported',
    '/inputs/input',
  ],
  [
    'another content type',
    async (ann) => ({
      provider_id: 'report',
      inputs: { texts: [(await ann.create('{}', { ...alone, content_type: 'application/json' })).id] },
    }),
    422,
    'input_not_supported',
    '/inputs/texts/0',
  ],
  ['no such blob', async () => ({ provider_id: 'stamp', inputs: { input: randomUUID() } }), 404, 'blob_not_found', ''],
  [
    'no such provider',
    async (_ann, text) => ({ provider_id: 'nobody', inputs: { input: text } }),
    404,
    'provider_not_found',
    '',
  ],
  [
    'a configuration that is none',
    async (_ann, text) => ({ provider_id: 'stamp', inputs: { input: text }, configuration: { mark: 1 } }),
    422,
    'invalid_configuration',
    '/configuration/mark',
  ],
])('a derivation of %s is refused', async (_what, request, status, code, pointer) => {
  const ann = newUser()
  const { id } = await ann.create('a text', alone)
  const answer = await ann.api.post(`${base}/derivations`, await request(ann, id))
  expect([answer.status, answer.body]).toMatchObject([status, { code }])
  if (pointer !== '') expect(answer.body).toMatchObject({ errors: [{ pointer }] })
})

test('an input that is deleted leaves the report, and comes back with its revert', async () => {
  const ann = newUser()
  const [one, two] = [await ann.create('# One\n\nfirst', alone), await ann.create('# Two\n\nsecond', alone)]
  const report = await ann.derive('report', { texts: [one.id, two.id] })
  expect(await ann.made(report.id, 1)).toContain('second')
  await ann.remove(two.id)
  expect(await ann.made(report.id, 2)).not.toContain('second')
  await ann.api.post(`${base}/blobs/${two.id}/revert`, { to_version: 1 })
  expect(await ann.made(report.id, 3)).toContain('second')
})

test('a needed input that is deleted fails what needs it, says so, and its revert mends it', async () => {
  const ann = newUser()
  const [before, after] = [await ann.create('a\n', alone), await ann.create('b\n', alone)]
  const { id } = await ann.derive('compare', { before: before.id, after: after.id })
  await ann.made(id, 1)
  await ann.remove(after.id)
  await waitForValue(
    'the comparison to fail',
    () => ann.derivation(id),
    ({ state }) => state === 'failed',
  )
  const explained = await ann.explain(id)
  expect(explained).toMatchObject({ freshness: 'stale', state: 'failed' })
  expect(explained.reasons).toEqual(
    expect.arrayContaining([
      { code: 'input_removed', input: 'after', blob_id: after.id },
      expect.objectContaining({ code: 'failed', error: expect.objectContaining({ code: 'input_not_supported' }) }),
    ]),
  )
  await ann.api.post(`${base}/blobs/${after.id}/revert`, { to_version: 1 })
  await waitForValue(
    'the comparison to be there again',
    () => ann.derivation(id),
    ({ state }) => state === 'settled',
  )
})

test('a derivation that is removed takes its blob and what only it feeds along, and is made again when asked for', async () => {
  const ann = newUser()
  const root = await ann.create('root', alone)
  const top = await ann.derive('stamp', { input: root.id })
  const below = await ann.derive('stamp', { input: top.id })
  await ann.made(below.id, 1)
  expect((await ann.api.delete(`${base}/derivations/${top.id}`)).status).toBe(200)
  await waitForValue(
    'both blobs to be gone',
    () => Promise.all([top, below].map(({ id }) => ann.api.get(`${base}/blobs/${id}`))),
    (answers) => answers.every(({ status }) => status === 410),
  )
  await ann.edit(root.id, 'another root')
  expect((await ann.graph(root.id)).nodes).toHaveLength(1)
  expect((await ann.derive('stamp', { input: root.id })).id).toBe(top.id)
  await waitForValue(
    'both blobs to be back',
    () => Promise.all([top, below].map(({ id }) => ann.derivation(id))),
    (derivations) => derivations.every(({ state }) => state === 'settled'),
  )
  expect((await ann.read(top.id)).text).toContain('another root')
})

test('a blob says why it is as it is: what made it, and why a change did or did not run it', async () => {
  const ann = newUser()
  const root = await ann.create('unchanging words', alone)
  const { blob_id: faulty } = await ann.process('faulty', root.id)
  const below = await ann.derive('stamp', { input: faulty })
  await ann.made(below.id, 1)
  const edited = await ann.edit(root.id, 'UNCHANGING words')
  await ann.settled(root.id, 3)
  const [delta] = await ann.deltas(root.id)
  // The provider made the same capitals of it, so that what is below was left alone.
  expect(await ann.explain(faulty)).toMatchObject({
    freshness: 'fresh',
    made_by: { provider_id: 'faulty', version: 1, inputs: [{ blob_id: root.id, version: 1 }] },
    last_change: { delta_id: delta?.id, outcome: 'cutoff', root_id: root.id },
  })
  expect(await ann.explain(below.id)).toMatchObject({
    freshness: 'fresh',
    last_change: { delta_id: delta?.id, outcome: 'unchanged', equal_inputs: [faulty], run_id: null },
  })
  await ann.edit(root.id, 'now it must fail')
  await waitForValue(
    'the run to fail',
    () => ann.derivation(faulty),
    ({ state }) => state === 'failed',
    { timeoutMs: 60_000 },
  )
  const [failing] = await ann.deltas(root.id)
  const failed = await ann.explain(faulty)
  expect(failed.reasons).toMatchObject([
    { code: 'input_changed', blob_id: root.id, from_version: edited.version, to_version: 3, delta_id: failing?.id },
    { code: 'failed', error: { code: 'provider_failed' } },
  ])
  expect((await ann.explain(below.id)).reasons).toEqual([{ code: 'blocked', blob_ids: [faulty] }])
  expect(await ann.explain(root.id)).toMatchObject({ freshness: 'fresh', provider_id: null })
  const stranger = newUser()
  expect((await stranger.api.get(`${base}/blobs/${faulty}/explain`)).status).toBe(404)
}, 120_000)
