import type { Blob, DiffFormat, Version } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { readDiff } from './read-diff.ts'

const tenant_id = newId()
const blob_id = newId()

interface Kept {
  content_type: string
  text: string
  operation?: Version['operation']
}

/** A blob with these versions, and a comparison that shows what it was given. */
function portsOf(...kept: Kept[]) {
  const versions = kept.map(
    ({ content_type, text, operation = 'update' }, index) =>
      ({ version: index + 1, content_type, content_hash: text, size: text.length, operation }) as Version,
  )
  return {
    blobs: {
      heads: async () => [kept.length === 0 ? null : ({ version: kept.length } as Blob)],
      versions: async (references: readonly { version: number }[]) =>
        references.map(({ version }) => versions[version - 1] ?? null),
      contents: async (references: readonly { hash: string }[]) =>
        references.map(({ hash }) => (hash === 'lost' ? null : Buffer.from(hash))),
    },
    compare: async (format: DiffFormat | null, contentType: string, from: Uint8Array, to: Uint8Array) => ({
      format: format ?? ('text' as const),
      diff: [contentType, Buffer.from(from).toString(), Buffer.from(to).toString()],
    }),
  }
}

const json = { content_type: 'application/json', text: '{}' }
const plain = { content_type: 'text/plain', text: 'plain' }
const binary = { content_type: 'image/png', text: 'bytes' }

test('compares the contents of two versions, in either direction', async () => {
  const ports = portsOf(json, { ...json, text: '[]' })
  const request = { tenant_id, blob_id, from: 2, to: 1, format: null }
  expect(await readDiff(ports, request)).toMatchObject({
    from: { version: 2 },
    to: { version: 1 },
    format: 'text',
    diff: ['application/json', '[]', '{}'],
  })
  expect(await readDiff(ports, { ...request, format: 'unified' })).toMatchObject({ format: 'unified' })
})

test.each([
  [json, plain, 'text/plain'],
  [plain, json, 'text/plain'],
  [json, binary, 'image/png'],
  [binary, plain, 'image/png'],
])('%j and %j are both %s', async (one, other, expected) => {
  const { diff } = await readDiff(portsOf(one, other), { tenant_id, blob_id, from: 1, to: 2, format: null })
  expect((diff as string[])[0]).toBe(expected)
})

test.each<[string, Kept[], number, string]>([
  ['an unknown blob', [], 2, 'blob_not_found'],
  ['an unknown version', [json, json], 3, 'version_not_found'],
  ['a deletion', [json, { ...json, operation: 'delete' }], 2, 'version_not_found'],
  ['content that was collected', [json, { ...json, text: 'lost' }], 2, 'content_not_found'],
])('refuses %s', async (_what, kept, to, code) => {
  await expect(readDiff(portsOf(...kept), { tenant_id, blob_id, from: 1, to, format: null })).rejects.toMatchObject({
    code,
  })
})
