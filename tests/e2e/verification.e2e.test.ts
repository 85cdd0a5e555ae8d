import { randomUUID } from 'node:crypto'
import type { VerificationResource } from '@studio/contracts'
import { startStudio, untilQuiet, waitForValue, type Answer, type TestStudio } from '@studio/testing'
import { Client, Connection } from '@temporalio/client'
import pg from 'pg'
import { user, type User } from './support.ts'

/** POST /verifications: a tenant is proven right, or what is wrong with it is named. */

const base = '/api/v1/studio'

let studio: TestStudio
let database: pg.Client

beforeAll(async () => {
  studio = await startStudio()
  database = new pg.Client({ connectionString: studio.databaseUrl })
  await database.connect()
}, 180_000)
afterAll(async () => {
  await database?.end()
  await studio?.stop()
})

const read = ({ api }: User, id: string) =>
  api.get(`${base}/verifications/${id}`) as Promise<Answer<{ data: VerificationResource }>>

const verified = async (who: User) => who.verification((await who.startVerification()).id)

async function someone(): Promise<{ who: User; text: string; other: string }> {
  const who = user(studio.as(randomUUID()))
  const text = await who.create('The fox have a apple in there garden. Everybody in the village wanted to taste it.')
  const other = await who.create('Another text, of which nothing is made.', { providers: 'none' })
  await who.settled(text.id, 4)
  await who.edit(text.id, 'The fox ate the apple.')
  await who.settled(text.id, 4)
  return { who, text: text.id, other: other.id }
}

test('a sound tenant has equal roots and no finding; a planted defect is named, to its tenant alone', async () => {
  const [{ who, text, other }, neighbour] = [await someone(), await someone()]
  const before = await who.verified(studio)
  expect(before).toMatchObject({ state: 'done', error: null, report: { findings: [], codes: {} } })
  const report = before.report
  expect(report?.found_root).toBe(report?.expected_root)
  expect(report).toMatchObject({ blobs: 5, derivations: 3, runs: 6, unverifiable_runs: 0 })
  expect(Date.parse(report?.as_of ?? '')).toBeGreaterThanOrEqual(Date.parse(before.started_at) - 1000)
  expect((await neighbour.who.verified(studio)).report?.divergences).toBe(0)

  const [{ content_hash: right }, { content_hash: wrong }] = [await who.read(text), await who.read(other)]
  const plant = (hash: string) => database.query('update blob.blob set content_hash = $1 where id = $2', [hash, text])
  await plant(wrong)
  const after = await verified(who)
  expect(after).toMatchObject({ state: 'done', report: { divergences: 1, codes: { head_wrong: 1 } } })
  expect(after.report?.findings).toMatchObject([
    { code: 'head_wrong', blob_id: text, version: 2, expected: expect.stringContaining(right), found: expect.stringContaining(wrong) },
  ]) // prettier-ignore
  expect(after.report?.found_root).not.toBe(after.report?.expected_root)
  expect(after.report?.expected_root).toBe(report?.expected_root)
  expect((await verified(neighbour.who)).report?.divergences).toBe(0)
  // What was found then can still be read, by who asked for it.
  await plant(right)
  expect((await verified(who)).report?.divergences).toBe(0)
  expect((await read(who, after.id)).body.data).toEqual(after)
}, 180_000)

test('one runs a tenant at a time: who asks meanwhile gets that one, and a verifier that was away takes it up', async () => {
  const who = user(studio.as(randomUUID()))
  await studio.terminate('verifier')
  const first = await who.startVerification()
  expect(first).toMatchObject({ state: 'running', ended_at: null, report: null, error: null })
  expect(await who.startVerification()).toEqual(first)
  const stranger = user(studio.as(randomUUID()))
  expect((await stranger.startVerification()).id).not.toBe(first.id)
  await studio.start('verifier')
  const { state, report } = await who.verification(first.id)
  expect([state, report?.blobs, report?.divergences]).toEqual(['done', 0, 0])
  expect((await who.startVerification()).id).not.toBe(first.id)
}, 120_000)

test('a verifier that dies at its work gives it to the next one', async () => {
  const { who } = await someone()
  const readers = async () => {
    const { rows } = await database.query(
      `select from pg_stat_activity where application_name = 'studio-verify' and wait_event_type = 'Lock'`,
    )
    return rows.length
  }
  await untilQuiet(studio)
  // It waits at this table, so that it dies in the middle.
  const locker = new pg.Client({ connectionString: studio.databaseUrl })
  await locker.connect()
  await locker.query('begin; lock table dag.memo')
  const { id } = await who.startVerification()
  try {
    await waitForValue('a verification that reads', readers, (count) => count > 0)
    await studio.kill('verifier')
  } finally {
    await locker.end()
  }
  expect((await read(who, id)).body.data.state).toBe('running')
  await studio.start('verifier')
  expect(await who.verification(id)).toMatchObject({ state: 'done', report: { divergences: 0 } })
}, 120_000)

test('one that was ended from outside has failed', async () => {
  const who = user(studio.as('terminated'))
  await studio.terminate('verifier')
  const { id } = await who.startVerification()
  const connection = await Connection.connect({ address: studio.temporalAddress })
  try {
    await new Client({ connection }).workflow.getHandle(`verification/${studio.tenantOf('terminated')}`, id).terminate()
  } finally {
    await connection.close()
    await studio.start('verifier')
  }
  expect(await who.verification(id)).toMatchObject({ state: 'failed', report: null, error: { code: 'internal_error' } })
}, 120_000)

test("another tenant's verification is answered as a missing one", async () => {
  const [who, stranger] = [user(studio.as(randomUUID())), user(studio.as(randomUUID()))]
  const { id } = await verified(who)
  for (const missing of [id, randomUUID(), 'no-id']) {
    const { status, body } = await read(stranger, missing)
    expect([status, (body as unknown as { code: string }).code]).toEqual([404, 'verification_not_found'])
  }
}, 120_000)
