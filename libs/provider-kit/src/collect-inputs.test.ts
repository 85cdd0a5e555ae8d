import type { ClaimInput } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { collectInputs } from './collect-inputs.ts'

const manifest = {
  name: 'Mixer',
  max_input_bytes: 5,
  inputs: { base: { types: ['application/json'], list: false }, texts: { types: ['text/*'], list: true } },
}
const contents = new Map(['{}', 'one', 'two', 'too long'].map((text) => [sha256(text), Buffer.from(text)]))

const input = (name: string, text: string, content_type = 'text/plain'): ClaimInput => ({
  name,
  blob_id: newId(),
  version: 1,
  content_hash: sha256(text),
  content_type,
})
const base = input('base', '{}', 'application/json')
const refused = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as string }) as Error

test('each input gets its blobs in their order', () => {
  const { base: one, texts } = collectInputs(
    manifest,
    [input('texts', 'two'), base, input('texts', 'one', 'text/markdown')],
    contents,
  )
  expect(one).toEqual([{ bytes: Buffer.from('{}'), content_type: 'application/json' }])
  expect(texts).toEqual([
    { bytes: Buffer.from('two'), content_type: 'text/plain' },
    { bytes: Buffer.from('one'), content_type: 'text/markdown' },
  ])
})

test.each<[string, ClaimInput[], string, string]>([
  ['a missing input', [base], 'input_not_supported', '"texts", which is missing'],
  ['an unknown input', [base, input('toString', 'one')], 'input_not_supported', 'no input "toString"'],
  [
    'two blobs where one is taken',
    [base, base, input('texts', 'one')],
    'input_not_supported',
    'one blob as its input "base"',
  ],
  [
    'a type of another input',
    [base, input('texts', '{}', 'application/json')],
    'input_not_supported',
    'text/* as its input "texts"',
  ],
  [
    'one blob of a list that is too large',
    [base, input('texts', 'one'), input('texts', 'too long')],
    'input_not_supported',
    'at most 5 bytes',
  ],
  ['content that is gone', [base, input('texts', 'gone')], 'content_not_found', sha256('gone')],
])('%s is refused', (_case, given, code, text) => {
  expect(() => collectInputs(manifest, given, contents)).toThrow(refused(code, text))
})
