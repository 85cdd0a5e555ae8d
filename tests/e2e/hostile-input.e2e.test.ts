import { sha256 } from '@studio/kernel'
import { startStudio, type Api, type PartName, type TestStudio } from '@studio/testing'
import { base, types } from './deltas-support.ts'

// The worst inputs that `npm run perf -- event-loop` found. How long they hold an event loop is its to measure; here they must be refused with
// code and place, or done, and their work must have been done off the main thread.

const mebibyte = 2 ** 20
const json = { 'content-type': 'application/json' }
const list = (piece: string, bytes: number): string =>
  Array<string>(Math.floor(bytes / (piece.length + 1)))
    .fill(piece)
    .join(',')

let studio: TestStudio
let api: Api
let small: string
beforeAll(async () => {
  studio = await startStudio({ services: ['gateway', 'delta-engine', 'blob', 'dag', 'provider-registry'] })
  api = studio.as('hostile')
  small = await createJson('{"a":[1]}')
})
afterAll(() => studio.stop())

async function createJson(text: string): Promise<string> {
  const { body } = await api.post(`${base}/blobs`, { text, content_type: 'application/json', providers: 'none' })
  return (body as { data: { id: string } }).data.id
}

/** How much work of a kind a service has done in threads so far. */
async function doneInThreads(service: PartName, task: string): Promise<number> {
  const metrics = await (await fetch(`${studio.serviceUrl(service)}/metrics`)).text()
  return Number(
    new RegExp(`^studio_tasks_total\\{task="${task}",place="thread"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0,
  )
}

async function inThreads<Result>(service: PartName, task: string, work: () => Promise<Result>): Promise<Result> {
  const before = await doneInThreads(service, task)
  const result = await work()
  expect(await doneInThreads(service, task)).toBeGreaterThan(before)
  return result
}

test.each<[string, string, string, string]>([
  ['many empty objects and one that is broken', `[${list('{}', 8 * mebibyte)},]`, 'invalid_content', /^\/\d+$/.source],
  [
    'a number at the end that is lost',
    `{"a":[${list('1', 8 * mebibyte)},1e400]}`,
    'json_lost_number',
    /^\/a\/\d+$/.source,
  ],
  ['half of a pair', `["${'\\ud83d\\ude00'.repeat(mebibyte / 2)}\\ud800"]`, 'json_lone_surrogate', /^\/0$/.source],
  ['one name again and again', `{${list('"a":1', 8 * mebibyte)}}`, 'json_duplicate_member', /^\/a$/.source],
  ['only brackets', '['.repeat(8 * mebibyte), 'json_too_deep', /^(\/0){64}$/.source],
])('JSON content of %s is refused with its place', async (_what, text, code, pointer) => {
  const answer = await inThreads('delta-engine', 'planInWriting', () => api.post(`${base}/blobs?raw=true`, text, json))
  expect(answer).toMatchObject({ status: 422, body: { code, errors: [{ pointer: expect.stringMatching(pointer) }] } })
})

test.each<[string, string, number, string, string]>([
  ['broken at its end', `{"text":"${'x'.repeat(8 * mebibyte)}`, 400, 'malformed_json', '/text'],
  ['with a name twice', `{"text":"${'x'.repeat(8 * mebibyte)}","text":""}`, 422, 'json_duplicate_member', '/text'],
  ['with endless metadata', `{"text":"","metadata":[${list('{}', 4 * mebibyte)}]}`, 413, 'body_too_large', ''],
])('an envelope %s is refused', async (_what, body, status, code, pointer) => {
  const answer = await inThreads('gateway', 'parseEnvelope', () => api.post(`${base}/blobs`, body, json))
  expect(answer).toMatchObject({ status, body: { code } })
  if (pointer !== '') expect(answer.body).toMatchObject({ errors: [{ pointer }] })
})

test('a text that is not UTF-8 is refused at the byte', async () => {
  const bytes = Buffer.concat([Buffer.alloc(2 * mebibyte, 'a'), Buffer.from([0xff])])
  const answer = await api.post(`${base}/blobs`, bytes, { 'content-type': 'text/plain' })
  expect(answer).toMatchObject({
    status: 422,
    body: { code: 'invalid_utf8', errors: [{ detail: `byte ${2 * mebibyte} is not UTF-8` }] },
  })
})

test.each<[string, Record<string, string>, string, string]>([
  [
    'a copy bomb',
    types.jsonPatch,
    JSON.stringify(Array.from({ length: 40 }, (_, at) => ({ op: 'copy', from: '', path: `/b${at}` }))),
    'patch_too_large',
  ],
  ['a merge patch of empty objects', types.mergePatch, `{"b":[${list('{}', mebibyte - 100)}]}`, 'patch_too_large'],
])('%s is refused', async (_what, headers, patch, code) => {
  const answer = await inThreads('delta-engine', 'planInWriting', () =>
    api.patch(`${base}/blobs/${small}`, patch, headers),
  )
  expect(answer).toMatchObject({ status: 422, body: { code } })
})

test('large content goes in as JSON, comes out as JSON, and is patched, all beside the main threads', async () => {
  const text = 'All work and no play makes Jack a dull boy.\n'.repeat((16 * mebibyte) / 44)
  const created = await inThreads('gateway', 'parseEnvelope', () =>
    api.post(`${base}/blobs`, { text, providers: 'none' }),
  )
  expect(created.status).toBe(201)
  const { id } = (created.body as { data: { id: string } }).data
  const patch = JSON.stringify([{ retain: 8 * mebibyte }, { delete: 1 }])
  const patched = await inThreads('delta-engine', 'planInWriting', () =>
    api.patch(`${base}/blobs/${id}`, patch, types.text),
  )
  const after = text.slice(0, 8 * mebibyte) + text.slice(8 * mebibyte + 1)
  expect(patched).toMatchObject({ status: 200, body: { data: { version: 2, content_hash: sha256(after) } } })
  const read = await inThreads('gateway', 'embedInWriting', () => api.get(`${base}/blobs/${id}?include=content`))
  expect((read.body as { data: { text: string } }).data.text === after).toBe(true)
})
