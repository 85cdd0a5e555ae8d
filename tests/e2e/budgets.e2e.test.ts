import { randomUUID } from 'node:crypto'
import type { BudgetResource, CascadeResource } from '@studio/contracts'
import { startStudio, waitForValue, type Answer, type TestStudio } from '@studio/testing'
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client'
import { startLanguageModel, type LanguageModel } from './language-model.ts'
import { gate, user, type User } from './support.ts'

/** Cascades that run into a cap, are paused, cancelled, resumed and tried again: at REST, and at Temporal. */

const base = '/api/v1/studio'
const alone = { providers: 'none' }
let studio: TestStudio
let temporal: Client
let model: LanguageModel

beforeAll(async () => {
  model = await startLanguageModel()
  studio = await startStudio({
    workers: { 'test-worker': 'tests/providers/main.ts' },
    env: {
      ...model.env,
      // Who loses a claim hears of it when he makes its lease longer.
      STUDIO_LEASE_MS: '6000',
    },
  })
  temporal = new Client({ connection: await Connection.connect({ address: studio.temporalAddress }) })
}, 180_000)
afterAll(async () => {
  await temporal?.connection.close()
  await studio?.stop()
  model?.close()
})

const newUser = () => user(studio.as(randomUUID()))

async function setBudget(ann: User, budget: object): Promise<BudgetResource> {
  const answer: Answer<{ data: BudgetResource }> = await ann.api.put(`${base}/budget`, budget)
  expect(answer.status).toBe(200)
  return answer.body.data
}

/** The cascade of the last change above a blob. */
async function cascadeAbove(ann: User, id: string): Promise<string> {
  const { last_change } = await ann.explain(id)
  if (!last_change) throw new Error('nothing has changed above it')
  return last_change.cascade_id
}

/** The cascade of the last change above a blob, once it is in this state. */
async function inState(ann: User, id: string, state: CascadeResource['state']): Promise<CascadeResource> {
  return waitForValue(
    `a cascade that is ${state}`,
    async () => ann.cascade(await cascadeAbove(ann, id)),
    (cascade) => cascade.state === state,
    { timeoutMs: 60_000 },
  )
}

/** Of derived blobs, how many have more runs than one. */
async function ranAgain(ann: User, ids: readonly string[]): Promise<number> {
  const runs = await Promise.all(ids.map((id) => ann.runs(id)))
  return runs.filter((ofOne) => ofOne.length > 1).length
}

test('at a cap of runs exactly so many happen, the rest waits, and a resumption does it', async () => {
  const ann = newUser()
  const root = await ann.create('some words', alone)
  const stamps = await Promise.all(
    ['1', '2', '3', '4', '5', '6', '7'].map(async (mark) =>
      ann.derive('stamp', { input: root.id }, { label: mark, configuration: { mark } }),
    ),
  )
  const ids = stamps.map(({ id }) => id)
  await ann.settled(root.id, 8)
  expect(await setBudget(ann, { per_cascade: { runs: 3 } })).toMatchObject({
    per_day: { runs: null, tokens: null, cost_microdollars: null },
    per_cascade: { runs: 3, tokens: null, cost_microdollars: null },
    spent_today: { runs: 7, since: expect.stringMatching(/T00:00:00.000Z$/) },
  })

  await ann.edit(root.id, 'other words')
  const [first = ''] = ids
  const paused = await waitForValue(
    'three runs',
    async () => ann.cascade(await cascadeAbove(ann, first)),
    ({ runs }) => runs.version === 3,
  )
  // Whatever looks for work from now on finds none here.
  const elsewhere = await ann.create('elsewhere', alone)
  await ann.made((await ann.process('stamp', elsewhere.id)).blob_id, 1)
  expect(await ann.cascade(paused.id)).toMatchObject({
    state: 'paused',
    paused: { by: 'runs', at: expect.any(String) },
    budget: { runs: 3 },
    spent: { runs: 3 },
    planned: 7,
    runs: { version: 3 },
    open: { dirty: 4 },
    settled_at: null,
  })
  expect(await ranAgain(ann, ids)).toBe(3)
  const waiting = await Promise.all(ids.map(async (id) => (await ann.explain(id)).reasons.at(-1)))
  expect(waiting.filter((reason) => reason?.code === 'paused')).toEqual(
    Array(4).fill({ code: 'paused', cascade_id: paused.id, by: 'runs' }),
  )

  const refused = await ann.api.post(`${base}/cascades/${paused.id}/resume`)
  expect([refused.status, refused.body]).toMatchObject([409, { code: 'budget_spent' }])
  expect(await ann.order(paused.id, 'resume', { budget: { runs: 20 } })).toMatchObject({
    state: 'running',
    budget: { runs: 20 },
  })
  await ann.settled(root.id, 8)
  expect(await inState(ann, first, 'settled')).toMatchObject({
    id: paused.id,
    spent: { runs: 7 },
    runs: { version: 7 },
    open: {},
  })
  expect(await ranAgain(ann, ids)).toBe(7)
}, 120_000)

test('tokens of a day: what is under way ends, the rest waits until there is more', async () => {
  const ann = newUser()
  const root = await ann.create('A text.', alone)
  const expanded = await ann.derive('text-expander', { input: root.id })
  // Grammar-checker and summariser follow it.
  await ann.settled(root.id, 4)
  expect(await setBudget(ann, { per_day: { tokens: 80 } })).toMatchObject({
    spent_today: { runs: 3, tokens: 50, cost_microdollars: 150 },
  })
  await ann.edit(root.id, 'Another text.')
  const paused = await inState(ann, expanded.id, 'paused')
  expect(paused).toMatchObject({
    paused: { by: 'daily_tokens' },
    spent: { runs: 1, tokens: 50, cost_microdollars: 150 },
    runs: { version: 1 },
    open: { dirty: 2 },
  })
  const refused = await ann.api.post(`${base}/cascades/${paused.id}/resume`, { budget: {} })
  expect([refused.status, refused.body.code]).toEqual([409, 'budget_spent'])
  const { per_day, spent_today } = await setBudget(ann, {})
  expect([per_day.tokens, spent_today.tokens]).toEqual([null, 100])
  await ann.settled(root.id, 4)
  expect(await ann.cascade(paused.id)).toMatchObject({ state: 'settled', runs: { version: 3 } })
}, 120_000)

test('cancelled: a provider that is at work stops, and the next edit derives again', async () => {
  const ann = newUser()
  const root = await ann.create('some words', alone)
  const { blob_id, job_id } = await ann.process('slow', root.id, { delay_ms: 60_000 })
  const below = await ann.derive('stamp', { input: blob_id })
  const { reasons } = await waitForValue(
    'the provider to be at work',
    () => ann.explain(blob_id),
    ({ state }) => state === 'running',
  )
  const [workflowId = ''] = reasons.flatMap((reason) => (reason.code === 'running' ? (reason.workflow_id ?? '') : []))
  const run = temporal.workflow.getHandle(workflowId)
  await waitForValue(
    'its workflow',
    async () => (await run.describe()).status.name,
    (status) => status === 'RUNNING',
  )

  const { id } = await ann.cascade(await cascadeAbove(ann, blob_id))
  expect(await ann.order(id, 'cancel')).toMatchObject({ state: 'cancelled', open: { cancelled: 1 } })
  expect(await ann.order(id, 'cancel')).toMatchObject({ state: 'cancelled', open: { cancelled: 1 } })
  // Long before its 60 s are over. It has lost its node, or found none where it had not begun to read yet.
  expect([{ lost: 1 }, {}]).toContainEqual(await run.result())
  expect(await ann.job(job_id)).toMatchObject({ status: 'cancelled', run: null })
  expect((await ann.explain(blob_id)).reasons).toContainEqual({ code: 'cancelled', cascade_id: id })
  expect((await ann.explain(below.id)).reasons).toContainEqual({ code: 'blocked', blob_ids: [blob_id] })
  expect(await ann.derivation(blob_id)).toMatchObject({ state: 'cancelled', version: 0 })
  const refused = await ann.api.post(`${base}/cascades/${id}/pause`)
  expect([refused.status, refused.body.code]).toEqual([409, 'cascade_ended'])

  await ann.api.patch(`${base}/derivations/${blob_id}`, { configuration: { delay_ms: 10 } })
  expect(await ann.made(below.id, 1)).toContain('after 10 ms: some words')
}, 120_000)

test('what failed is tried again, and nothing else', async () => {
  const ann = newUser()
  const root = await ann.create('A text.', alone)
  const expanded = await ann.derive('text-expander', { input: root.id })
  const stamp = await ann.derive('stamp', { input: root.id })
  const { nodes } = await ann.settled(root.id, 5)
  const belowExpanded = nodes.filter(({ level }) => level === 2).map(({ blob_id }) => blob_id)
  model.works = false
  await ann.edit(root.id, 'Another text.')
  await ann.made(stamp.id, 2)
  const failed = await waitForValue(
    'a failure',
    () => inState(ann, expanded.id, 'settled'),
    ({ open }) => open.failed === 1,
  )
  expect(failed).toMatchObject({ open: { failed: 1, blocked: 2 }, runs: { version: 1, failed: 1 } })
  model.works = true
  expect(await ann.order(failed.id, 'retry-failed')).toMatchObject({ state: 'running', planned: 7 })
  await ann.settled(root.id, 5)
  expect(await ann.cascade(failed.id)).toMatchObject({ state: 'settled', open: {}, runs: { version: 4, failed: 1 } })
  expect(await ann.runs(stamp.id)).toHaveLength(2)
  expect(belowExpanded).toHaveLength(2)
  for (const id of belowExpanded) expect(await ann.runs(id)).toHaveLength(2)
  expect((await ann.runs(expanded.id)).map(({ outcome }) => outcome)).toEqual(['version', 'failed', 'version'])
  expect(await ann.order(failed.id, 'retry-failed')).toMatchObject({ state: 'settled', planned: 7 })
}, 120_000)

test('the same as updates of the cascade workflow, also where it has ended', async () => {
  const name = randomUUID()
  const ann = user(studio.as(name))
  const root = await ann.create('some words', alone)
  const { held_by, shut, open } = gate(studio)
  const { blob_id } = await ann.process('slow', root.id, { delay_ms: 1, held_by })
  const below = await ann.derive('stamp', { input: blob_id })
  await ann.made(below.id, 1)
  await shut()
  await ann.edit(root.id, 'other words')
  await waitForValue(
    'the run',
    () => ann.explain(blob_id),
    ({ state }) => state === 'running',
  )

  const target = { tenant_id: studio.tenantOf(name), blob_id: root.id }
  const handle = temporal.workflow.getHandle(`cascade/${target.tenant_id}/${target.blob_id}`)
  const paused = await handle.executeUpdate<CascadeResource, []>('pause')
  expect(paused).toMatchObject({ id: await cascadeAbove(ann, blob_id), state: 'paused', paused: { by: 'request' } })
  await open()
  await handle.result()
  expect(await ann.cascade(paused.id)).toMatchObject({ state: 'paused', runs: { version: 1 }, open: { dirty: 1 } })

  const withStart = () =>
    new WithStartWorkflowOperation('cascade', {
      workflowId: handle.workflowId,
      taskQueue: 'studio',
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [target],
    })
  const stranger = temporal.workflow.executeUpdateWithStart('resume', {
    args: [{ cascade_id: randomUUID() }],
    startWorkflowOperation: withStart(),
  })
  await expect(stranger).rejects.toMatchObject({ cause: { type: 'cascade_not_found' } })
  const resumed = await temporal.workflow.executeUpdateWithStart('resume', {
    args: [{ cascade_id: paused.id }],
    startWorkflowOperation: withStart(),
  })
  expect(resumed).toMatchObject({ id: paused.id, paused: null })
  expect(await ann.made(below.id, 2)).toContain('other words')
}, 120_000)

test('foreign, missing and malformed is refused', async () => {
  const [ann, eve] = [newUser(), newUser()]
  const root = await ann.create('some words', alone)
  const stamp = await ann.derive('stamp', { input: root.id })
  await ann.made(stamp.id, 1)
  const id = await cascadeAbove(ann, stamp.id)
  for (const [who, one] of [
    [eve, id],
    [ann, randomUUID()],
    [ann, 'no-uuid'],
  ] as const) {
    const asked = ['pause', 'resume', 'cancel', 'retry-failed'].map((action) =>
      who.api.post(`${base}/cascades/${one}/${action}`),
    )
    asked.push(who.api.patch(`${base}/cascades/${one}`, { budget: { runs: 1 } }))
    for (const { status, body } of await Promise.all(asked))
      expect([status, body.code]).toEqual([404, 'cascade_not_found'])
  }
  const malformed = [
    ann.api.patch(`${base}/cascades/${id}`, { budget: { runs: -1 } }),
    ann.api.patch(`${base}/cascades/${id}`, {}),
    ann.api.post(`${base}/cascades/${id}/resume`, { budget: { days: 1 } }),
    ann.api.put(`${base}/budget`, { per_week: {} }),
  ]
  for (const { status, body } of await Promise.all(malformed))
    expect([status, body.code]).toEqual([422, 'invalid_request'])
  const patched = await ann.api.patch(`${base}/cascades/${id}`, { budget: { cost_microdollars: 5 } })
  expect([patched.status, patched.body.data.budget]).toEqual([200, { runs: null, tokens: null, cost_microdollars: 5 }])
})
