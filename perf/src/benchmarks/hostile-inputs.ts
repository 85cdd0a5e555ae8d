import { randomBytes } from 'node:crypto'

/** A request at the limit of what the studio takes, or beyond it. */
export interface HostileInput {
  readonly name: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

/** Blobs that the inputs are about, by their ids. */
export interface Victims {
  /** JSON of 16 MiB with 150,000 members. */
  readonly wide: string
  /** Text of 16 MiB. */
  readonly long: string
  /** 16 MiB of bytes that nothing makes smaller. */
  readonly noise: string
  /** A small JSON document with a list and a text. */
  readonly small: string
  /** A blob with 200 versions that all have as much metadata as may be. */
  readonly described: string
  /** 200 blobs with as much metadata as may be. */
  readonly many: readonly string[]
  /** JSON that two long patches of small pieces made. */
  readonly busy: string
}

const mebibyte = 2 ** 20
const limit = 16 * mebibyte
const patchLimit = mebibyte

const json = { 'content-type': 'application/json' }
const jsonPatch = { 'content-type': 'application/json-patch+json' }
const mergePatch = { 'content-type': 'application/merge-patch+json' }
const textPatch = { 'content-type': 'application/vnd.studio.text-patch+json' }
const unifiedDiff = { 'content-type': 'text/x-diff' }

/** `piece` again and again, with commas between, up to a number of bytes. */
const list = (piece: string, bytes: number): string =>
  Array<string>(Math.floor(bytes / (piece.length + 1)))
    .fill(piece)
    .join(',')
const array = (piece: string, bytes: number): string => `[${list(piece, bytes - 2)}]`
const members = (count: number, value: string): string =>
  `{${Array.from({ length: count }, (_, index) => `"member-${index}":${value}`).join(',')}}`
/** As much metadata as may be, in as many pieces as may be. */
export const longMetadata = (): object =>
  Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`m${index}`, Array<number>(60).fill(1)]))
const operations = (count: number, operation: (index: number) => object): string =>
  JSON.stringify(Array.from({ length: count }, (_, index) => operation(index)))

export const wideDocument = (): string => members(150_000, `"${'v'.repeat(90)}"`)
export const noise = (): Buffer => randomBytes(limit)
export const longText = (): string => 'All work and no play makes Jack a dull boy.\n'.repeat(limit / 44)

/** JSON texts that are costly in one way each. */
const shapes: Record<string, (bytes: number) => string> = {
  'one string': (bytes) => `"${'x'.repeat(bytes - 2)}"`,
  escapes: (bytes) => `"${'\\u0041'.repeat(Math.floor((bytes - 2) / 6))}"`,
  'surrogate pairs': (bytes) => `"${'\\ud83d\\ude00'.repeat(Math.floor((bytes - 2) / 12))}"`,
  'half of a pair at the end': (bytes) => `"${'\\ud83d\\ude00'.repeat(Math.floor((bytes - 12) / 12))}\\ud800"`,
  'small numbers': (bytes) => array('1', bytes),
  'long numbers': (bytes) => array('0.12345678901234567', bytes),
  exponents: (bytes) => array('1e-100', bytes),
  'a lost number at the end': (bytes) => `[${list('1', bytes - 10)},1e400]`,
  'empty objects': (bytes) => array('{}', bytes),
  'small objects': (bytes) => array('{"a":1}', bytes),
  'many members': (bytes) => members(Math.floor(bytes / 20), '1'),
  'one name again and again': (bytes) => `{${list('"a":1', bytes - 2)}}`,
  '64 levels': (bytes) => array(`${'['.repeat(60)}${']'.repeat(60)}`, bytes),
  'only brackets': (bytes) => '['.repeat(bytes),
  'broken at the end': (bytes) => `[${list('{}', bytes - 4)},]`,
}

export function hostileInputs(victims: Victims): HostileInput[] {
  return [...contents(), ...envelopes(victims), ...patches(victims), ...lists(victims), ...reads(victims)]
}

function contents(): HostileInput[] {
  return [
    { name: 'binary, 16 MiB', method: 'POST', path: '/blobs', headers: { 'content-type': 'image/png' }, body: noise() },
    {
      name: 'text, 16 MiB',
      method: 'POST',
      path: '/blobs',
      headers: { 'content-type': 'text/plain' },
      body: longText(),
    },
    {
      name: 'text that is not UTF-8 at its end, 16 MiB',
      method: 'POST',
      path: '/blobs',
      headers: { 'content-type': 'text/plain' },
      body: Buffer.concat([Buffer.alloc(limit - 1, 'a'), Buffer.from([0xff])]),
    },
    ...Object.entries(shapes).flatMap(([name, make]): HostileInput[] => [
      { name: `JSON: ${name}, 16 MiB`, method: 'POST', path: '/blobs?raw=true', headers: json, body: make(limit) },
      {
        name: `JSON: ${name}, 250 KiB`,
        method: 'POST',
        path: '/blobs?raw=true',
        headers: json,
        body: make(250 * 1024),
      },
    ]),
    {
      name: 'JSON: small objects, 60 KiB',
      method: 'POST',
      path: '/blobs?raw=true',
      headers: json,
      body: array('{}', 60 * 1024),
    },
  ]
}

function envelopes({ small, long }: Victims): HostileInput[] {
  const envelope = (name: string, body: string, path = '/blobs'): HostileInput => ({
    name: `envelope: ${name}`,
    method: path.startsWith('/blobs/') ? 'PATCH' : 'POST',
    path,
    headers: json,
    body,
  })
  const text = JSON.stringify({ text: longText() })
  const base64 = JSON.stringify({ content: noise().toString('base64'), content_type: 'image/png' })
  return [
    envelope('text of 16 MiB', text),
    envelope('base64 of 16 MiB', base64),
    envelope('text of escapes, 20 MiB', `{"text":"${'\\u0041'.repeat((20 * mebibyte) / 6)}"}`),
    envelope('metadata of empty objects, 20 MiB', `{"text":"","metadata":{"a":${array('{}', 20 * mebibyte)}}}`),
    envelope('metadata of empty objects, 250 KiB', `{"text":"","metadata":{"a":${array('{}', 250 * 1024)}}}`),
    envelope('unknown members, 20 MiB', `{"text":"","x":${members(mebibyte, '1')}}`),
    envelope('a patch of empty objects, 20 MiB', `{"patch":${array('{}', 20 * mebibyte)}}`, `/blobs/${small}`),
    envelope('only brackets, 20 MiB', '['.repeat(20 * mebibyte)),
    envelope('broken at the end, 20 MiB', `{"text":"${'x'.repeat(20 * mebibyte)}`),
    envelope('dry run of a text of 16 MiB', text, '/blobs?dry_run=true'),
    envelope('dry run of base64 of 16 MiB', base64, '/blobs?dry_run=true'),
    {
      name: 'dry run of raw bytes, 16 MiB',
      method: 'PUT',
      path: `/blobs/${long}/content?dry_run=true`,
      headers: { 'content-type': 'text/plain' },
      body: longText(),
    },
    {
      name: 'metadata in a header, 8 KiB',
      method: 'POST',
      path: '/blobs',
      headers: { 'content-type': 'text/plain', 'studio-metadata': `{"a":${array('{}', 8000)}}` },
      body: 'x',
    },
  ]
}

function patches({ wide, long, small, busy, described }: Victims): HostileInput[] {
  const patch = (name: string, id: string, headers: Record<string, string>, body: string): HostileInput => ({
    name: `patch: ${name}`,
    method: 'PATCH',
    path: `/blobs/${id}`,
    headers,
    body,
  })
  const value = (name: string): string => (shapes[name] ?? (() => '0'))(patchLimit - 100)
  return [
    patch('one operation on 16 MiB', wide, jsonPatch, '{"op":"replace","path":"/member-7","value":1}'),
    patch(
      '10,000 operations on 16 MiB',
      wide,
      jsonPatch,
      operations(10_000, (index) => ({ op: 'replace', path: `/member-${index}`, value: index })),
    ),
    patch(
      '10,000 operations',
      small,
      jsonPatch,
      operations(10_000, (index) => ({ op: 'add', path: '/list/0', value: index })),
    ),
    patch(
      '10,000 tests of 16 MiB',
      wide,
      jsonPatch,
      operations(10_000, () => ({ op: 'test', path: '', value: {} })),
    ),
    patch(
      'a copy bomb',
      small,
      jsonPatch,
      operations(30, (index) => ({ op: 'copy', from: '', path: `/copy-${index}` })),
    ),
    patch(
      'moves of 16 MiB',
      wide,
      jsonPatch,
      operations(5000, (index) => ({
        op: 'move',
        from: index % 2 ? '/moved' : '/member-9',
        path: index % 2 ? '/member-9' : '/moved',
      })),
    ),
    patch(
      'inserts at the front of a long list',
      small,
      jsonPatch,
      `[{"op":"replace","path":"/list","value":${array('1', 700 * 1024)}},${operations(5000, () => ({ op: 'add', path: '/list/0', value: 0 })).slice(1)}`,
    ),
    patch('a pointer of 1 MiB', small, jsonPatch, `[{"op":"remove","path":"${'/a'.repeat(patchLimit / 2 - 50)}"}]`),
    ...Object.keys(shapes).flatMap((name) => [
      patch(`value of ${name}, 1 MiB`, small, jsonPatch, `[{"op":"test","path":"/none","value":${value(name)}}]`),
      patch(`merge ${name}, 1 MiB`, small, mergePatch, `{"x":${value(name)}}`),
    ]),
    patch('merge 50,000 members into 16 MiB', wide, mergePatch, members(40_000, 'null')),
    patch(
      'merged with long patches of small pieces',
      `${busy}?from_version=1&conflict=merge`,
      jsonPatch,
      '[{"op":"add","path":"/mine","value":1}]',
    ),
    patch(
      'merged with 200 versions with much metadata',
      `${described}?from_version=1&conflict=merge`,
      textPatch,
      '[{"insert":"x"}]',
    ),
    patch('one insertion into 16 MiB of text', long, textPatch, '[{"retain":1000000},{"insert":"x"}]'),
    patch(
      '100,000 steps on 16 MiB of text',
      long,
      textPatch,
      operations(40_000, (index) => (index % 2 ? { retain: 100 } : { insert: 'x' })),
    ),
    patch(
      'a unified diff of 8,000 hunks on 16 MiB of text',
      long,
      unifiedDiff,
      Array.from(
        { length: 8000 },
        (_, index) =>
          `@@ -${index * 40 + 1} +${index * 40 + 1} @@\n-All work and no play makes Jack a dull boy.\n+All play\n`,
      ).join(''),
    ),
    patch(
      'a unified diff that does not apply, 1 MiB',
      long,
      unifiedDiff,
      `@@ -1,20000 +1,20000 @@\n${' All work and no play makes Jack a dull boy.\n'.repeat(20_000)}`,
    ),
  ]
}

function lists({ small, many }: Victims): HostileInput[] {
  const both = (name: string, body: string): HostileInput[] =>
    ['/batches', '/bulk'].map((path) => ({ name: `${path} ${name}`, method: 'POST', path, headers: json, body }))
  const touched = { operations: many.map((blob_id) => ({ op: 'update', blob_id, text: 'y' })) }
  const texts = {
    operations: Array.from({ length: 500 }, () => ({ op: 'create', text: 'x'.repeat(1900), providers: 'none' })),
  }
  const edits = {
    operations: Array.from({ length: 500 }, (_, index) => ({
      op: 'update',
      blob_id: small,
      patch: { op: 'add', path: '/n', value: index },
    })),
  }
  return [
    ...both('of 500 creations, 1 MiB', JSON.stringify(texts)),
    ...both('of 500 patches of one blob', JSON.stringify(edits)),
    ...both('of changes of 200 blobs with much metadata', JSON.stringify(touched)),
    ...both('of empty objects, 1 MiB', `{"operations":${array('{}', patchLimit - 30)}}`),
    ...both(
      'of one patch of empty objects, 1 MiB',
      `{"operations":[{"op":"update","blob_id":"${small}","patch":${array('{}', patchLimit - 200)}}]}`,
    ),
    ...both(
      'of one patch of exponents, 1 MiB',
      `{"operations":[{"op":"update","blob_id":"${small}","patch":${array('1e-100', patchLimit - 200)}}]}`,
    ),
  ]
}

function reads({ wide, long, noise, described }: Victims): HostileInput[] {
  const read = (name: string, path: string): HostileInput => ({ name: `read: ${name}`, method: 'GET', path })
  return [
    read('16 MiB of bytes', `/blobs/${noise}/content`),
    read('16 MiB of bytes inside of JSON', `/blobs/${noise}?include=content`),
    read('16 MiB of text', `/blobs/${long}/content`),
    read('16 MiB of text inside of JSON', `/blobs/${long}?include=content`),
    read('16 MiB of JSON inside of JSON', `/blobs/${wide}?include=content`),
    read('a unified diff of 16 MiB of text', `/blobs/${long}/diff?from=1&to=2&format=unified`),
    read('a text diff of 16 MiB of text', `/blobs/${long}/diff?from=1&to=2&format=text`),
    read('a JSON Patch of 16 MiB of JSON', `/blobs/${wide}/diff?from=1&to=2&format=json-patch`),
    read('200 versions with much metadata', `/blobs/${described}/versions?limit=200`),
    read('200 blobs with much metadata', '/blobs?limit=200'),
    read('the newest delta of the large JSON', `/blobs/${wide}/deltas/latest`),
    read('the deltas of the large text', `/blobs/${long}/deltas`),
    read('the deltas of the large JSON', `/blobs/${wide}/deltas`),
  ]
}
