import { randomBytes, randomUUID } from 'node:crypto'
import type { BlobResource, DeltaResource, VersionResource } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { startStudio, type Api, type TestStudio } from '@studio/testing'
import { base, expectStatus, types, writer } from './deltas-support.ts'

/** Deltas over the public API: every format, versions of the past, conflicts, and changes that are said twice. */

let studio: TestStudio
let ada: Api
let ann: ReturnType<typeof writer>

beforeAll(async () => {
  studio = await startStudio({ services: ['blob', 'delta-engine', 'dag', 'provider-registry', 'gateway'] })
  ada = studio.as('ada')
  ann = writer(ada)
}, 180_000)

afterAll(() => studio?.stop())

describe('formats', () => {
  test('JSON is changed by JSON Patch, merge patch and whole content; the smallest delta is found and kept', async () => {
    const { id } = await ann.createJson({ title: 'a', tags: ['x'], body: 'long '.repeat(100) })
    for (const [body, headers] of [
      [{ op: 'replace', path: '/title', value: 'b' }, types.jsonPatch],
      [[{ op: 'add', path: '/tags/-', value: 'y' }], types.jsonPatch],
      [{ tags: null, __proto__: undefined, state: { open: true } }, types.mergePatch],
      [{ patch: { op: 'remove', path: '/state' } }, {}],
      [{ patch: { n: 1 }, patch_type: 'application/merge-patch+json' }, {}],
    ] as const)
      await expectStatus(200, ann.change(id, body, headers))
    const next = { title: 'c', body: 'long '.repeat(100), n: 1 }
    await expectStatus(200, ann.change(id, { text: JSON.stringify(next) }))
    expect(await ann.json(id)).toEqual(next)
    const deltas = await ann.chain(id)
    expect(deltas.map(({ format }) => format)).toEqual([
      'replace',
      'json-patch',
      'json-patch',
      'merge-patch',
      'json-patch',
      'merge-patch',
      'json-patch',
    ])
    expect(deltas.at(-1)?.patch).toEqual([{ op: 'replace', path: '/title', value: 'c' }])
  })

  test('__proto__ is a member like any other', async () => {
    const { id } = await ann.createJson({ a: 1 })
    await expectStatus(200, ann.change(id, '{"__proto__":{"polluted":true}}', types.mergePatch))
    await expectStatus(200, ann.change(id, '{"op":"add","path":"/__proto__/admin","value":1}', types.jsonPatch))
    expect(await ann.text(id)).toBe('{"a":1,"__proto__":{"polluted":true,"admin":1}}')
  })

  test('text is changed by code points, by unified diff and by whole content', async () => {
    const { id } = await ann.create({ text: 'one 😀\ntwo\n' })
    await expectStatus(200, ann.change(id, [{ retain: 5 }, { insert: '!' }], types.text))
    expect(await ann.text(id)).toBe('one 😀!\ntwo\n')
    await expectStatus(200, ann.change(id, '--- a\n+++ b\n@@ -2 +2,2 @@\n-two\n+2\n+three\n', types.diff))
    expect(await ann.text(id)).toBe('one 😀!\n2\nthree\n')
    const long = `one 😀!\n2\nthree\n${'A sentence that stays. '.repeat(50)}\n`
    await expectStatus(200, ann.change(id, { text: long }))
    await expectStatus(200, ann.change(id, { text: long.replace('three', 'four') }))
    expect(await ann.text(id)).toBe(long.replace('three', 'four'))
    const deltas = await ann.chain(id)
    expect(deltas.slice(1, 3).map(({ format }) => format)).toEqual(['text', 'text'])
    expect(deltas.at(-1)).toMatchObject({ format: 'text', previous_delta: deltas.at(-2)?.id, next_delta: null })
  })

  test('bytes are replaced as a whole', async () => {
    const bytes = randomBytes(1000)
    const { id } = await ann.create({ content: bytes.toString('base64'), content_type: 'image/png' })
    await expectStatus(200, ada.put(`${base}/blobs/${id}/content`, randomBytes(1000), { 'content-type': 'image/png' }))
    expect((await ann.chain(id)).map(({ format }) => format)).toEqual(['replace', 'replace'])
    const { body } = await ada.get(`${base}/blobs/${id}/content?version=1`)
    expect(bytes.equals(body as Buffer)).toBe(true)
  })

  test.each<[string, unknown, Record<string, string>, number, string]>([
    ['a JSON Patch that is no list of operations', '1', types.jsonPatch, 422, 'malformed_patch'],
    ['a patch that does not fit', '[{"op":"remove","path":"/none"}]', types.jsonPatch, 422, 'patch_failed'],
    ['a test that does not hold', '[{"op":"test","path":"/a","value":2}]', types.jsonPatch, 409, 'patch_test_failed'],
    ['a repeated member', '{"a":1,"a":2}', types.mergePatch, 422, 'json_duplicate_member'],
    ['a number that would be lost', '{"a":9007199254740993}', types.mergePatch, 422, 'json_lost_number'],
    ['a number that is none', '{"a":1e400}', types.mergePatch, 422, 'json_lost_number'],
    ['half a character', '{"a":"\\ud800"}', types.mergePatch, 422, 'json_lone_surrogate'],
    ['a deep value', `{"a":${'['.repeat(65)}${']'.repeat(65)}}`, types.mergePatch, 422, 'json_too_deep'],
    ['broken JSON', '[{', types.jsonPatch, 400, 'malformed_json'],
    ['a patch that is no UTF-8', Buffer.from([0xff]), types.jsonPatch, 422, 'invalid_utf8'],
    ['an unknown format', 'x', { 'content-type': 'application/sql' }, 415, 'unsupported_media_type'],
    ['content with a repeated member', { text: '{"a":1,"a":2}' }, {}, 422, 'json_duplicate_member'],
  ])('JSON refuses %s', async (_what, body, headers, status, code) => {
    const { id } = await ann.createJson({ a: 1 })
    const refused = await ada.patch(`${base}/blobs/${id}`, body, headers)
    expect([refused.status, refused.body.code]).toEqual([status, code])
    expect(await ann.text(id)).toBe('{"a":1}')
  })

  test.each<[string, unknown, Record<string, string>, number, string]>([
    ['a JSON Patch', '[{"op":"remove","path":""}]', types.jsonPatch, 422, 'patch_not_applicable'],
    ['a delta beyond its end', [{ retain: 9 }, { insert: 'x' }], types.text, 422, 'patch_failed'],
    ['a delta of no known steps', [{ skip: 1 }], types.text, 422, 'malformed_patch'],
    ['a diff of another text', '@@ -1 +1 @@\n-other\n+x\n', types.diff, 422, 'patch_failed'],
    ['what is no diff', 'hello', types.diff, 422, 'malformed_patch'],
  ])('text refuses %s', async (_what, body, headers, status, code) => {
    const { id } = await ann.create({ text: 'one\n' })
    const refused = await ann.change(id, body, headers)
    expect([refused.status, refused.body.code]).toEqual([status, code])
    expect(await ann.text(id)).toBe('one\n')
  })
})

describe('the past', () => {
  test('is read by number and by time, and its deltas walk both ways', async () => {
    const { id } = await ann.create({ text: 'first', metadata: { n: 1 } })
    await expectStatus(200, ann.change(id, { text: 'second', metadata: { n: 2 } }))
    await expectStatus(200, ann.change(id, { metadata: { n: 3 } }))
    await expectStatus(200, ada.delete(`${base}/blobs/${id}`))
    await expectStatus(200, ada.post(`${base}/blobs/${id}/revert`, { to_version: 1 }))
    const versions = await expectStatus<VersionResource[]>(200, ada.get(`${base}/blobs/${id}/versions`))
    const times = new Map(versions.map(({ version, created_at }) => [version, created_at]))
    for (const [version, content, n] of [
      [1, 'first', 1],
      [2, 'second', 2],
      [3, 'second', 3],
      [5, 'first', 3],
    ] as const) {
      for (const query of [`&version=${version}`, `&at=${times.get(version)}`]) {
        const then = await expectStatus<BlobResource>(200, ada.get(`${base}/blobs/${id}?include=content${query}`))
        expect(then).toMatchObject({ id, version, text: content, content_hash: sha256(Buffer.from(content)) })
        if (version !== 5) expect(then.metadata).toEqual({ n })
      }
    }
    for (const query of ['version=4', `at=${times.get(4)}`])
      expect((await ada.get(`${base}/blobs/${id}?${query}`)).body.code).toBe('blob_deleted')
    expect((await ada.get(`${base}/blobs/${id}?at=2001-01-01T00:00:00Z`)).body.code).toBe('version_not_found')

    const deltas = await ann.chain(id)
    expect(deltas.map(({ operation, to_version }) => [operation, to_version])).toEqual([
      ['create', 1],
      ['update', 2],
      ['update', 3],
      ['delete', 4],
      ['revert', 5],
    ])
    expect(deltas.map(({ previous_delta }) => previous_delta)).toEqual([null, ...deltas.slice(0, -1).map((d) => d.id)])
    expect(deltas.map(({ next_delta }) => next_delta)).toEqual([...deltas.slice(1).map((d) => d.id), null])
    expect(await expectStatus(200, ada.get(`${base}/blobs/${id}/deltas/latest`))).toEqual(deltas.at(-1))
    expect(await expectStatus(200, ada.get(`${base}/deltas/${deltas[1]!.id}`))).toEqual(deltas[1])
    const middle = await ada.get(`${base}/blobs/${id}/deltas?from=1&to=4&limit=2`)
    expect(middle.body).toEqual({ data: deltas.slice(1, 3), next: '3' })
  })

  test('holds nothing of a change that was refused: its delta id may be used again', async () => {
    const { id } = await ann.create({ text: 'a', conflict_policy: 'merge' })
    await expectStatus(200, ann.change(id, { text: 'b' }))
    const refused = { text: 'c', from_version: 1, delta_id: newId() }
    expect((await ann.change(id, refused)).body.code).toBe('merge_conflict')
    expect((await ada.get(`${base}/deltas/${refused.delta_id}`)).body.code).toBe('delta_not_found')
    await expectStatus(200, ann.change(id, { ...refused, conflict: 'last-write-wins' }))
    expect(await ann.text(id)).toBe('c')
    expect((await ann.chain(id)).at(-1)?.id).toBe(refused.delta_id)
  })

  test('two versions differ by what leads from one to the other, in every format that can say it', async () => {
    const before = { a: 1, list: [1, 2, 3], deep: { text: 'same' } }
    const after = { list: [1, 3], deep: { text: 'other' }, b: { c: true } }
    const { id } = await ann.createJson(before)
    await expectStatus(200, ann.change(id, { text: JSON.stringify(after) }))
    for (const accept of ['application/json-patch+json', 'application/merge-patch+json'] as const) {
      for (const [from, to, source, target] of [
        [1, 2, before, after],
        [2, 1, after, before],
      ] as const) {
        const { status, headers, body } = await ada.get(`${base}/blobs/${id}/diff?from=${from}&to=${to}`, {
          headers: { accept },
        })
        expect([status, headers.get('content-type')]).toEqual([200, accept])
        const copy = await ann.createJson(source)
        await expectStatus(200, ann.change(copy.id, body, { 'content-type': accept }))
        expect(await ann.json(copy.id)).toEqual(target)
      }
    }
    const answered = await expectStatus(200, ada.get(`${base}/blobs/${id}/diff?from=1&to=1`))
    expect(answered).toEqual({ from: 1, to: 1, format: 'json-patch', diff: [] })
  })

  test('texts differ by lines, and by code points', async () => {
    const { id } = await ann.create({ text: 'one\ntwo\nthree\n' })
    await expectStatus(200, ann.change(id, { text: 'one\n2 😀\nthree' }))
    for (const [accept, type] of [
      ['text/x-diff', types.diff],
      ['application/vnd.studio.text-patch+json', types.text],
    ] as const) {
      const { body } = await ada.get(`${base}/blobs/${id}/diff?from=1&to=2`, { headers: { accept } })
      const copy = await ann.create({ text: 'one\ntwo\nthree\n' })
      await expectStatus(200, ann.change(copy.id, body, type))
      expect(await ann.text(copy.id)).toBe('one\n2 😀\nthree')
    }
    expect(await expectStatus(200, ada.get(`${base}/blobs/${id}/diff?from=1&to=2`))).toMatchObject({
      format: 'unified',
      diff: expect.stringContaining('-two\n-three\n+2 😀\n'),
    })
  })

  test('what has no difference says why', async () => {
    const { id } = await ann.create({ content: 'AAAA', content_type: 'image/png' })
    await expectStatus(200, ann.change(id, { content: 'AQEB' }))
    await expectStatus(200, ada.delete(`${base}/blobs/${id}`))
    const diff = async (query: string) => (await ada.get(`${base}/blobs/${id}/diff?${query}`)).body.code as string
    expect(await diff('from=1&to=2')).toBe('diff_not_expressible')
    expect(await diff('from=1&to=2&format=json-patch')).toBe('diff_not_expressible')
    expect(await diff('from=1&to=3')).toBe('version_not_found')
    expect(await diff('from=1&to=4')).toBe('version_not_found')
    expect((await ada.get(`${base}/blobs/${randomUUID()}/diff?from=1&to=2`)).body.code).toBe('blob_not_found')
    const record = await ann.createJson({ a: 1 })
    await expectStatus(200, ann.change(record.id, { text: '{"a":null}' }))
    const { body } = await ada.get(`${base}/blobs/${record.id}/diff?from=1&to=2&format=merge-patch`)
    expect(body.code).toBe('diff_not_expressible')
  })
})

describe('conflicts', () => {
  test('are refused unless told otherwise, with both versions named', async () => {
    const { id } = await ann.createJson({ a: 1 })
    await expectStatus(200, ann.change(id, { text: '{"a":2}' }))
    const refused = await ann.change(id, { patch: { op: 'add', path: '/b', value: 1 }, from_version: 1 })
    expect([refused.status, refused.body]).toEqual([
      409,
      expect.objectContaining({ code: 'version_conflict', expected_version: 1, current_version: 2 }),
    ])
  })

  test('If-Match is strict whatever the policy', async () => {
    const { id, content_hash } = await ann.createJson({ a: 1 }, { conflict_policy: 'merge' })
    await expectStatus(200, ann.change(id, { text: '{"a":2}' }))
    const stale = { 'if-match': `"v1-${content_hash.slice(0, 16)}"` }
    const refused = await ann.change(id, { text: '{"a":3}', conflict: 'merge' }, stale)
    expect([refused.status, refused.body]).toEqual([
      412,
      expect.objectContaining({ code: 'precondition_failed', expected_version: 1, current_version: 2 }),
    ])
  })

  test('are refused where too much has come since, in patches or in whole contents', async () => {
    const { id } = await ann.createJson({})
    for (const member of ['a', 'b', 'c', 'd', 'e'])
      await expectStatus(
        200,
        ann.change(id, { op: 'add', path: `/${member}`, value: 'x'.repeat(1_000_000) }, types.jsonPatch),
      )
    const late = (version: number) =>
      ann.change(id, { op: 'add', path: '/mine', value: 1 }, types.jsonPatch, `?from_version=${version}&conflict=merge`)
    const refused = await late(1)
    expect([refused.status, refused.body]).toEqual([
      409,
      expect.objectContaining({ code: 'version_conflict', expected_version: 1, current_version: 6 }),
    ])
    const { id: text } = await ann.create({ text: 'a' })
    for (const letter of ['b', 'c', 'd'])
      await expectStatus(
        200,
        ada.put(`${base}/blobs/${text}/content`, letter.repeat(6_000_000), { 'content-type': 'text/plain' }),
      )
    const whole = await ann.change(text, { text: 'e', from_version: 1, conflict: 'merge' })
    expect([whole.status, whole.body]).toEqual([409, expect.objectContaining({ code: 'version_conflict' })])
  }, 60_000)

  test('are merged where nothing is lost by it: members of JSON, places of text', async () => {
    const record = await ann.createJson({ a: 1, list: [1, 2] })
    await expectStatus(200, ann.change(record.id, { op: 'add', path: '/list/0', value: 0 }, types.jsonPatch))
    const merged = await ann.change(
      record.id,
      [
        { op: 'add', path: '/list/2', value: 3 },
        { op: 'remove', path: '/a' },
      ],
      types.jsonPatch,
      '?from_version=1&conflict=merge',
    )
    expect([merged.status, merged.headers.get('studio-merged')]).toEqual([200, 'true'])
    expect(await ann.json(record.id)).toEqual({ list: [0, 1, 2, 3] })
    const delta = await expectStatus<DeltaResource>(
      200,
      ada.get(`${base}/deltas/${merged.headers.get('studio-delta-id')}`),
    )
    expect(delta).toMatchObject({ from_version: 2, to_version: 3, original: { version: 1, format: 'json-patch' } })

    const note = await ann.create({ text: 'The fox ate the apple.', conflict_policy: 'merge' })
    await expectStatus(200, ann.change(note.id, { text: 'The red fox ate the apple.', from_version: 1 }))
    await expectStatus(200, ann.change(note.id, { text: 'The fox ate the sour apple.', from_version: 1 }))
    expect(await ann.text(note.id)).toBe('The red fox ate the sour apple.')
  })

  test('that are true ones are told with both sides and their paths, or the last write wins', async () => {
    const { id } = await ann.createJson({ a: 1, b: 1 })
    await expectStatus(200, ann.change(id, { op: 'replace', path: '/a', value: 2 }, types.jsonPatch))
    const other = [
      { op: 'replace', path: '/a', value: 3 },
      { op: 'replace', path: '/b', value: 3 },
    ]
    const refused = await ann.change(id, other, types.jsonPatch, '?from_version=1&conflict=merge')
    expect([refused.status, refused.body.code]).toEqual([409, 'merge_conflict'])
    expect(refused.body).toMatchObject({ expected_version: 1, current_version: 2 })
    expect(refused.body.conflicts).toEqual([expect.objectContaining({ path: '/a' })])
    expect(await ann.json(id)).toEqual({ a: 2, b: 1 })
    await expectStatus(200, ann.change(id, other, types.jsonPatch, '?from_version=1&conflict=last-write-wins'))
    expect(await ann.json(id)).toEqual({ a: 3, b: 3 })
  })

  test('follow the default of the blob, which can be changed', async () => {
    const { id } = await ann.createJson({ a: 1 })
    const changed = await expectStatus<BlobResource>(200, ann.change(id, { conflict_policy: 'last-write-wins' }))
    expect(changed).toMatchObject({ version: 2, conflict_policy: 'last-write-wins' })
    await expectStatus(200, ann.change(id, { text: '{"a":2}' }))
    await expectStatus(200, ann.change(id, { text: '{"a":3}', from_version: 2 }))
    expect(await ann.json(id)).toEqual({ a: 3 })
    const refused = await ann.change(id, { text: '{"a":4}', from_version: 2, conflict: 'reject' })
    expect(refused.body.code).toBe('version_conflict')
  })

  test('20 writers from one version lose nothing', async () => {
    const writers = Array.from({ length: 20 }, (_, writer) => writer)
    const record = await ann.createJson({ shared: [] }, { conflict_policy: 'merge' })
    const note = await ann.create({ text: 'start end', conflict_policy: 'merge' })
    const answers = await Promise.all(
      writers.flatMap((writer) => [
        ann.change(
          record.id,
          [
            { op: 'add', path: `/writer ${writer}`, value: writer },
            { op: 'add', path: '/shared/-', value: writer },
          ],
          types.jsonPatch,
          '?from_version=1',
        ),
        ann.change(note.id, [{ retain: 6 }, { insert: `<${writer}>` }], types.text, '?from_version=1'),
      ]),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    const { shared, ...members } = (await ann.json(record.id)) as { shared: number[] }
    expect(shared.toSorted((one, other) => one - other)).toEqual(writers)
    expect(members).toEqual(Object.fromEntries(writers.map((writer) => [`writer ${writer}`, writer])))
    const written = await ann.text(note.id)
    expect(written.replaceAll(/<\d+>/g, '')).toBe('start end')
    for (const writer of writers) expect(written).toContain(`<${writer}>`)
    for (const { id } of [record, note])
      expect((await ann.chain(id)).map(({ to_version }) => to_version)).toEqual([
        1,
        ...writers.map((writer) => writer + 2),
      ])
  })
})

describe('a change that is said twice', () => {
  test.each<[string, (id: string) => [object, Record<string, string>]]>([
    ['under one key', () => [{}, { 'idempotency-key': randomUUID() }]],
    [
      'under one key, on one of several versions',
      () => [{}, { 'idempotency-key': randomUUID(), 'if-match': `"x", "v1-${sha256('a').slice(0, 16)}"` }],
    ],
    ['with one delta id in its envelope', () => [{ delta_id: newId() }, {}]],
    ['with one delta id in a header', () => [{}, { 'studio-delta-id': newId() }]],
  ])('%s happens once', async (_what, saying) => {
    const { id } = await ann.create({ text: 'a' })
    const [members, headers] = saying(id)
    const [first, second] = await Promise.all([
      ann.change(id, { text: 'b', ...members }, headers),
      ann.change(id, { text: 'b', ...members }, headers),
    ])
    await expectStatus(200, ann.change(id, { text: 'c' }))
    const third = await ann.change(id, { text: 'b', ...members }, headers)
    for (const answer of [first, second, third]) {
      expect(answer.status).toBe(200)
      expect(answer.body.data).toMatchObject({ version: 2, content_hash: sha256(Buffer.from('b')) })
      expect(answer.headers.get('studio-delta-id')).toBe(first.headers.get('studio-delta-id'))
    }
    expect(await ann.text(id)).toBe('c')
    expect(await ann.chain(id)).toHaveLength(3)
    const other = await ann.change(id, { text: 'other', ...members }, headers)
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict'])
  })

  test('makes one blob', async () => {
    const envelope = { text: 'a', providers: 'none', delta_id: newId() }
    const answers = await Promise.all(Array.from({ length: 10 }, () => ada.post(`${base}/blobs`, envelope)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201))
    expect(new Set(answers.map(({ body }) => body.data.id as string)).size).toBe(1)
  })
})
