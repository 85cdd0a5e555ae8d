import type { GraphEdge, Provider } from '@studio/contracts'
import { derivationKey, sha256 } from '@studio/kernel'
import { estimate, totalsOf } from './estimate.ts'
import { preview, type Held, type Previewed, type PreviewedBlob } from './preview.ts'

type Known = Pick<Provider, 'id' | 'version' | 'status' | 'inputs'>

const slot = { types: ['text/*'], list: true }
const maker: Known = { id: 'maker', version: '2.0.0', status: 'active', inputs: { input: slot } }
const held = (text: string): Held => ({ content_hash: sha256(text), content_type: 'text/plain' })
const keyOf = (texts: readonly string[], version = maker.version) =>
  derivationKey({
    provider_id: maker.id,
    provider_version: version,
    config: {},
    inputs: { input: texts.map((text) => ['text/plain', sha256(text)] as const) },
  })

const blob = (blob_id: string, more: Partial<PreviewedBlob> = {}): PreviewedBlob => ({
  blob_id,
  provider_id: 'maker',
  provider_version: '2.0.0',
  config: {},
  state: 'settled',
  doomed: false,
  version: 1,
  ...held(blob_id),
  output_hash: null,
  overlay: null,
  last_key: null,
  readings: null,
  ...more,
})
const source = (id: string, more: Partial<PreviewedBlob> = {}) => blob(id, { provider_id: null, ...more })
/** `made` of these texts, and holds its own name. */
const derived = (id: string, texts: readonly string[], more: Partial<PreviewedBlob> = {}) =>
  blob(id, { last_key: keyOf(texts), ...more })

const edgesOf = (wiring: Record<string, readonly string[]>): GraphEdge[] =>
  Object.entries(wiring).flatMap(([target_id, sources]) =>
    sources.map((source_id, ordinal) => ({ source_id, target_id, input: 'input', ordinal })),
  )

/** What each blob has to do when the root (`root`, which holds "root") comes to hold `text`; memo: the recorded outputs by the texts of the inputs. */
async function statuses(
  blobs: readonly PreviewedBlob[],
  wiring: Record<string, readonly string[]>,
  { text = 'root', memo = {}, ...more }: { text?: string; memo?: Record<string, string> } & Partial<Previewed> = {},
) {
  const looked: string[][] = []
  const memos = new Map(Object.entries(memo).map(([inputs, output]) => [keyOf(inputs.split('+')), held(output)]))
  const verdicts = await preview(
    {
      rootId: 'root',
      held: held(text),
      changed: text !== 'root',
      ids: ['root', ...Object.keys(wiring)],
      blobs: new Map([source('root'), ...blobs].map((one) => [one.blob_id, one])),
      edges: edgesOf(wiring),
      providers: new Map([['maker', maker]]),
      ...more,
    },
    async (keys) => {
      looked.push([...keys])
      return memos
    },
  )
  return { verdicts, looked, of: Object.fromEntries(verdicts.map((one) => [one.blob.blob_id, one.status])) }
}

const chain = { a: ['root'], b: ['a'], c: ['b'] }
const made = [derived('a', ['root']), derived('b', ['a']), derived('c', ['b'])]

test('without a change a settled graph has nothing to do, also where its provider is newer', async () => {
  const { of, looked } = await statuses([derived('a', ['root']), blob('b', { last_key: keyOf(['a'], '1.0.0') })], {
    a: ['root'],
    b: ['a'],
  })
  expect(of).toEqual({ a: 'fresh', b: 'fresh' })
  expect(looked).toEqual([])
})

test('a changed root runs what it feeds; what is below is not known yet', async () => {
  const { of, verdicts } = await statuses(made, chain, { text: 'new' })
  expect(of).toEqual({ a: 'will_run', b: 'may_run', c: 'may_run' })
  expect(verdicts.map(({ level, runs, changed_inputs }) => [level, runs, changed_inputs])).toEqual([
    [1, '2.0.0', ['root']],
    [2, '2.0.0', ['a']],
    [3, '2.0.0', ['b']],
  ])
})

test('recorded outputs are followed down; one equal to what is there leaves the rest as it is', async () => {
  const recorded = await statuses(made, chain, { text: 'new', memo: { new: 'other a', 'other a': 'other b' } })
  expect(recorded.of).toEqual({ a: 'memo', b: 'memo', c: 'will_run' })
  const equal = await statuses(made, chain, { text: 'new', memo: { new: 'a' } })
  expect(equal.of).toEqual({ a: 'memo', b: 'fresh', c: 'fresh' })
  expect(equal.verdicts.at(1)?.changed_inputs).toEqual([])
  expect(equal.looked).toHaveLength(1)
})

test('a change reaches what is outdated: it runs under the newer version', async () => {
  const { of } = await statuses([derived('a', ['root']), blob('b', { last_key: keyOf(['a'], '1.0.0') })], { a: ['root'], b: ['a'] }, { text: 'new', memo: { new: 'a' } }) // prettier-ignore
  expect(of).toEqual({ a: 'memo', b: 'will_run' })
})

test('of two with one key one runs, and the other takes what it records', async () => {
  const wiring = { left: ['root'], right: ['root'], below: ['right'] }
  const blobs = [derived('left', ['root']), derived('right', ['root']), derived('below', ['right'])]
  const { of } = await statuses(blobs, wiring, { text: 'new' })
  expect(of).toEqual({ left: 'will_run', right: 'memo', below: 'may_run' })
})

test('a diamond needs both of its sides', async () => {
  const diamond = { left: ['root'], right: ['root'], bottom: ['left', 'right'] }
  const blobs = [derived('left', ['root']), derived('right', ['root']), derived('bottom', ['left', 'right'])]
  expect((await statuses(blobs, diamond, { text: 'new' })).of['bottom']).toBe('may_run')
  const memo = { new: 'side', 'side+side': 'recorded bottom' }
  expect((await statuses(blobs, diamond, { text: 'new', memo })).of).toEqual({ left: 'memo', right: 'memo', bottom: 'memo' }) // prettier-ignore
})

test.each<[string, Partial<PreviewedBlob>, string]>([
  ['settled', {}, 'will_run'],
  ['under way', { state: 'running' }, 'may_run'],
  ['failed', { state: 'failed' }, 'blocked'],
  ['cancelled', { state: 'cancelled' }, 'blocked'],
  ['deleted', { state: 'deleted', content_hash: null }, 'will_run'],
  ['to be deleted', { state: 'dirty', doomed: true }, 'will_run'],
])('a change of a root, beside an input elsewhere that is %s', async (_what, other, status) => {
  const blobs = [source('other', other), derived('a', ['root', 'other'])]
  expect((await statuses(blobs, { a: ['root', 'other'] }, { text: 'new' })).of).toEqual({ a: status })
})

test('a deleted input is no part of the key, and a needed one is missed', async () => {
  const gone = source('other', { state: 'deleted', content_hash: null })
  const dirty = { state: 'dirty' } as const
  expect((await statuses([gone, derived('a', ['root'], dirty)], { a: ['root', 'other'] })).of).toEqual({ a: 'fresh' })
  const needs = { ...maker, inputs: { input: slot, second: slot } }
  const providers = new Map([['maker', needs]])
  expect((await statuses([derived('a', ['root'], dirty)], { a: ['root'] }, { providers })).of).toEqual({
    a: 'input_missing',
  })
})

test.each([
  ['provider_not_found', null],
  ['provider_disabled', { ...maker, status: 'disabled' as const }],
])('%s: neither it nor what is below can run', async (status, provider) => {
  const providers = new Map([['maker', provider]])
  const { of, verdicts } = await statuses(made, chain, { text: 'new', providers })
  expect(of).toEqual({ a: status, b: 'blocked', c: 'blocked' })
  expect(verdicts.every(({ runs }) => runs === null)).toBe(true)
})

test.each(['failed', 'cancelled'] as const)(
  'what is %s stays so without a change, and is tried again with one',
  async (state) => {
    const blobs = [derived('a', ['root'], { state, last_key: null }), derived('b', ['a'], { state: 'blocked' })]
    const wiring = { a: ['root'], b: ['a'] }
    expect((await statuses(blobs, wiring)).of).toEqual({ a: state, b: 'blocked' })
    expect((await statuses(blobs, wiring, { text: 'new' })).of).toEqual({ a: 'will_run', b: 'may_run' })
  },
)

test('deleted nodes are left out until a change brings them back', async () => {
  const blobs = [blob('a', { state: 'deleted', content_hash: null })]
  expect((await statuses(blobs, { a: ['root'] })).of).toEqual({})
  expect((await statuses(blobs, { a: ['root'] }, { text: 'new' })).of).toEqual({ a: 'will_run' })
})

test('a derived root without a change is judged itself', async () => {
  const root = derived('root', ['top'], { state: 'dirty' })
  const wiring = { root: ['top'], a: ['root'] }
  const { of } = await statuses([source('top', held('newer top')), root, derived('a', ['root'], { state: 'dirty' })], wiring, { held: null, ids: ['root', 'a'] }) // prettier-ignore
  expect(of).toEqual({ root: 'will_run', a: 'may_run' })
})

test('sums are of what has a history; the rest is counted', async () => {
  const other: PreviewedBlob = derived('d', ['root'], { provider_id: 'unheard' })
  const providers = new Map([['maker', maker], ['unheard', { ...maker, id: 'unheard' }]]) // prettier-ignore
  const { verdicts } = await statuses([...made, other], { ...chain, d: ['root'] }, { text: 'new', providers })
  const nodes = estimate(verdicts, new Map([['maker@2.0.0', { duration_ms: 10, tokens: 7, cost_microdollars: null }]]))
  expect(nodes.find(({ blob_id }) => blob_id === 'd')).toMatchObject({ status: 'will_run', expected: null })
  expect(totalsOf(nodes)).toEqual({
    will_run: 2,
    may_run: 2,
    memo: 0,
    fresh: 0,
    hindered: 0,
    expected: { duration_ms: 10, tokens: 7, cost_microdollars: null },
    at_most: { duration_ms: 30, tokens: 21, cost_microdollars: null },
    unestimated: 1,
  })
})
