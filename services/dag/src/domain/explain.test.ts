import type { ClaimInput, NodeState, PauseReason, Reason, Run } from '@studio/contracts'
import { contentsByName, derivationKey } from '@studio/kernel'
import { explain, type InputNow, type Known } from './explain.ts'

const input = (blob_id: string, content_hash: string, version = 1, name = 'texts'): InputNow => ({
  name,
  blob_id,
  version,
  content_hash,
  content_type: 'text/plain',
  delta_id: `delta ${version} of ${blob_id}`,
})

function runOf(inputs: readonly ClaimInput[], more: Partial<Run> = {}, config: object = {}): Run {
  const provider_version = more.provider_version ?? '1.0.0'
  return {
    id: 'run', tenant_id: 'tenant', blob_id: 'it', epoch: 1, provider_id: 'join', provider_version, inputs: [...inputs],
    key: derivationKey({ provider_id: 'join', provider_version, config, inputs: contentsByName(inputs) }), outcome: 'version', version: 1,
    content_hash: 'made', attempts: 1, duration_ms: 1, usage: { tokens: null, cost_microdollars: null }, workflow_id: 'join/it', caused_by: null, error: null,
    finished_at: '2026-01-01T00:00:00.000Z', ...more,
  } // prettier-ignore
}

const node = (more: Partial<Known['node']> = {}): Known['node'] => ({
  blob_id: 'it', tenant_id: 'tenant', user_id: 'user', created_by: 'join', providers: 'auto', ancestry: ['join'], parent_id: 'a', root_id: 'a', depth: 1,
  version: 1, content_hash: 'made', content_type: 'text/plain', size: 4, output_hash: null, output_type: null, overlay: null, provider_id: 'join', provider_version: '1.0.0', config: {}, state: 'settled',
  doomed: false, dirty_inputs: 0, epoch: 1, attempts: 0, key: null, claim_id: null, last_key: null, last_run_id: 'run', last_run_at: null, readings: null, error: null,
  cascade_id: null, caused_by: null, traceparent: null, again_cascade_id: null, also_in: null, held: false, ...more,
}) // prettier-ignore

/** A settled blob that was made of these inputs and has them now, unless told otherwise. */
function known(
  made: readonly ClaimInput[],
  more: Partial<Omit<Known, 'node'>> & { node?: Partial<Known['node']> } = {},
): Known {
  const { node: nodeNow, ...rest } = more
  return {
    inputs: made.map((one) => ({ ...one, delta_id: null })),
    unsettledInputs: [],
    provider: { id: 'join', version: '1.0.0' },
    settledBy: runOf(made),
    madeBy: runOf(made),
    isForgotten: false,
    lastRun: null,
    cascade: null,
    failedAbove: [],
    equalInputs: [],
    workflowId: null,
    ...rest,
    node: node(nodeNow),
  }
}

const [a, b, c] = [input('a', 'A'), input('b', 'B'), input('c', 'C')]
const explained = (one: Known): [string, Reason[]] => {
  const { freshness, reasons } = explain(one)
  return [freshness, reasons]
}
const changed = (blob_id: string, to_version: number): Reason => ({
  code: 'input_changed',
  input: 'texts',
  blob_id,
  from_version: 1,
  to_version,
  delta_id: `delta ${to_version} of ${blob_id}`,
})
const added = (blob_id: string, name = 'texts'): Reason => ({ code: 'input_added', input: name, blob_id })
const removed = (blob_id: string, name = 'texts'): Reason => ({ code: 'input_removed', input: name, blob_id })
const reordered: Reason = { code: 'input_order_changed', input: 'texts' }

describe('differences of inputs', () => {
  test.each<[string, InputNow[], InputNow[], Reason[]]>([
    ['the same', [a, b], [a, b], []],
    ['a new version of equal content', [a, b], [input('a', 'A', 7), b], []],
    ['another content', [a, b], [input('a', 'other', 2), b], [changed('a', 2)]],
    ['another content type', [a], [{ ...input('a', 'A', 2), content_type: 'text/html' }], [changed('a', 2)]],
    ['one more', [a], [a, b], [added('b')]],
    ['one less', [a, b], [a], [removed('b')]],
    ['another one', [a], [b], [added('b'), removed('a')]],
    ['another order', [a, b, c], [c, a, b], [reordered]],
    ['another order, and one changed', [a, b], [b, input('a', 'other', 3)], [changed('a', 3), reordered]],
    ['one more before the others', [a, b], [c, a, b], [added('c')]],
    ['one less between the others', [a, b, c], [a, c], [removed('b')]],
    ['the same blob once more', [a, b], [a, b, a], [added('a')]],
    ['the same blob once less', [a, b, a], [a, b], [removed('a')]],
    ['the same blob at another name', [a], [input('a', 'A', 1, 'other')], [added('a', 'other'), removed('a')]],
    // The key has contents only: equal ones at each place make the same.
    ['another blob of equal content', [a], [input('b', 'A')], []],
    ['two of equal content the other way round', [a, input('b', 'A')], [input('b', 'A'), a], []],
  ])('%s', (_what, then, now, reasons) => {
    expect(explained(known(then, { inputs: now }))).toEqual([reasons.length > 0 ? 'stale' : 'fresh', reasons])
  })

  test('orders are told by name', () => {
    const then = [a, b, input('c', 'C', 1, 'others'), input('d', 'D', 1, 'others')]
    const now = [a, b, input('d', 'D', 1, 'others'), input('c', 'C', 1, 'others')]
    expect(explained(known(then, { inputs: now }))[1]).toEqual([{ code: 'input_order_changed', input: 'others' }])
  })
})

describe('outdated: only what makes it is another one', () => {
  const upgraded = { provider: { id: 'join', version: '2.0.0' } }
  const versionChanged: Reason = { code: 'provider_version_changed', from: '1.0.0', to: '2.0.0' }
  const configured: Reason = { code: 'configuration_changed' }

  test('by the version of its provider', () => {
    expect(explained(known([a], upgraded))).toEqual(['outdated', [versionChanged]])
  })

  test('by its configuration, also one that no run has had yet', () => {
    expect(explained(known([a], { node: { config: { title: 'x' } } }))).toEqual(['outdated', [configured]])
    const settledBy = runOf([a], {}, { title: 'x' })
    expect(explained(known([a], { settledBy, node: { config: { title: 'x' } } }))).toEqual(['fresh', []])
  })

  test('by both', () => {
    expect(explained(known([a], { ...upgraded, node: { config: { x: 1 } } }))).toEqual([
      'outdated',
      [versionChanged, configured],
    ])
  })

  test('not where an input differs too', () => {
    expect(explained(known([a], { ...upgraded, inputs: [input('a', 'other', 2)] }))).toEqual([
      'stale',
      [changed('a', 2), versionChanged],
    ])
  })

  test.each<NodeState>(['dirty', 'running', 'failed'])('also while its new run is %s', (state) => {
    expect(explained(known([a], { node: { state, config: { x: 1 } } }))[0]).toBe('outdated')
  })

  test('not while what feeds it is not settled', () => {
    const waiting = known([a], { unsettledInputs: ['a'], node: { state: 'dirty', config: { x: 1 } } })
    expect(explained(waiting)[0]).toBe('stale')
    expect(explained(known([a], { failedAbove: ['a'], node: { state: 'blocked', config: { x: 1 } } }))[0]).toBe('stale')
  })

  test('a provider that is there no more makes nothing outdated', () => {
    expect(explained(known([a], { provider: null }))).toEqual(['fresh', []])
  })
})

describe('where it stands', () => {
  const error = { type: '', title: '', status: 502, code: 'provider_failed' as const, detail: '', retryable: true }

  test.each<[NodeState, Partial<Known>, Reason]>([
    ['dirty', {}, { code: 'queued' }],
    ['dirty', { unsettledInputs: ['a', 'z'] }, { code: 'waiting', blob_ids: ['a', 'z'] }],
    ['running', { workflowId: 'join/it/2' }, { code: 'running', workflow_id: 'join/it/2' }],
    ['failed', {}, { code: 'failed', run_id: 'run', error }],
    ['blocked', { failedAbove: ['x', 'y'] }, { code: 'blocked', blob_ids: ['x', 'y'] }],
  ])('%s', (state, { node: _node, ...more }, reason) => {
    expect(explained(known([a], { ...more, node: { state, error } }))).toEqual(['stale', [reason]])
  })

  const cascade = { id: 'cascade', root_id: 'a', caused_by: null, started_at: '', paused_by: null }
  const paused = (held: boolean, by: PauseReason) =>
    explained(known([a], { cascade: { ...cascade, paused_by: by }, node: { state: 'dirty', held } }))[1]

  test('paused: what would run beyond a cap, and all that is ready where somebody has asked for it', () => {
    expect(paused(true, 'runs')).toEqual([{ code: 'paused', cascade_id: 'cascade', by: 'runs' }])
    expect(paused(false, 'runs')).toEqual([{ code: 'queued' }])
    expect(paused(false, 'request')).toEqual([{ code: 'paused', cascade_id: 'cascade', by: 'request' }])
  })

  test('cancelled', () => {
    const cancelled = known([a], { cascade, node: { state: 'cancelled' } })
    expect(explained(cancelled)).toEqual(['stale', [{ code: 'cancelled', cascade_id: 'cascade' }]])
  })

  test('never made', () => {
    const never = { settledBy: null, madeBy: null }
    expect(explained(known([a], { ...never, node: { state: 'dirty', version: 0 } }))).toEqual([
      'stale',
      [{ code: 'never_run' }, { code: 'queued' }],
    ])
    expect(explained(known([a], { ...never, node: { state: 'failed', version: 0 } }))[1]).toMatchObject([
      { code: 'never_run' },
      { code: 'failed' },
    ])
  })

  test('deleted, whatever its inputs are', () => {
    expect(explained(known([a], { inputs: [], node: { state: 'deleted' } }))).toEqual(['deleted', []])
  })

  test.each<[NodeState, string]>([
    ['settled', 'fresh'],
    ['deleted', 'deleted'],
  ])('a source that is %s is %s', (state, freshness) => {
    const source = known([], { settledBy: null, madeBy: null, node: { state, provider_id: null } })
    expect(explained(source)).toEqual([freshness, []])
    expect(explain(source)).toMatchObject({ made_by: null, last_change: null })
  })
})

describe('the last change', () => {
  const cascade = {
    id: 'cascade',
    root_id: 'a',
    caused_by: 'delta',
    started_at: '2026-01-01T00:00:00.000Z',
    paused_by: null,
  }
  const told = { cascade_id: 'cascade', root_id: 'a', delta_id: 'delta', at: cascade.started_at }

  test.each(['version', 'cutoff', 'memo', 'failed', 'deleted'] as const)('a run that came to %s', (outcome) => {
    const lastRun = runOf([a], { outcome, id: 'last' })
    const { last_change } = explain(known([a], { cascade, lastRun, equalInputs: ['a'] }))
    expect(last_change).toEqual({ ...told, run_id: 'last', outcome, equal_inputs: [] })
  })

  test.each<[NodeState, string, string[]]>([
    ['settled', 'unchanged', ['a']],
    ['dirty', 'open', []],
    ['running', 'open', []],
    ['blocked', 'open', []],
    ['cancelled', 'cancelled', []],
    ['deleted', 'deleted', []],
  ])('without a run, and now %s: %s', (state, outcome, equal_inputs) => {
    const { last_change } = explain(known([a], { cascade, equalInputs: ['a'], node: { state } }))
    expect(last_change).toEqual({ ...told, run_id: null, outcome, equal_inputs })
  })
})

describe('in a sentence', () => {
  test('what made it, of which versions', () => {
    const { summary, made_by } = explain(known([a, b, c, input('d', 'D'), input('e', 'E')]))
    expect(summary).toBe(
      'It is what its inputs give. Version 1 was made by join@1.0.0 of texts = version 1 of a, texts = version 1 of b, texts = version 1 of c and 2 more.',
    )
    expect(made_by).toMatchObject({ run_id: 'run', version: 1, outcome: 'version', workflow_id: 'join/it' })
  })

  test('all that is wrong with it', () => {
    const all = known([a, b], {
      inputs: [input('a', 'other', 2), c],
      provider: { id: 'join', version: '2.0.0' },
      unsettledInputs: ['a'],
      node: { state: 'dirty' },
    })
    expect(explain(all).summary).toMatch(
      /^It is stale: an input has changed, and an input was added, and an input is gone, and its provider has another version, and it waits/,
    )
  })
})
