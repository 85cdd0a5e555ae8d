import type { Provider, TriggerSubject } from '@studio/contracts'
import { matchProviders, triggerApplies } from './match-providers.ts'

const provider: Provider = {
  id: 'text-expander',
  version: '1.0.0',
  name: 'Text expander',
  description: '',
  type: 'text',
  workflow_type: 'textExpander',
  task_queue: 'studio',
  inputs: { input: { types: ['text/*'], list: false } },
  output_type: 'text/plain',
  config_schema: {},
  default_config: {},
  input_schema: null,
  output_schema: null,
  max_input_bytes: 1000,
  timeout_ms: 1000,
  batch_size: 10,
  trigger_events: ['blob.created'],
  trigger_created_by: ['user'],
  trigger_patterns: [],
  tenant_id: null,
  status: 'active',
  digest: '0'.repeat(64),
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
}
const subject: TriggerSubject = {
  tenant_id: '8f1d7c1e-6a53-4b0e-9c1a-3b7d2f4e5a60',
  event: 'blob.created',
  content_type: 'text/plain; charset=utf-8',
  content_hash: '1'.repeat(64),
  size: 1000,
  created_by: 'user',
  ancestry: [],
  providers: 'auto',
}

test('applies where all conditions hold', () => {
  expect(triggerApplies(provider, subject)).toBe(true)
  expect(triggerApplies(provider, { ...subject, providers: ['text-expander'] })).toBe(true)
  expect(triggerApplies({ ...provider, trigger_created_by: [] }, { ...subject, created_by: 'other' })).toBe(true)
})

test.each<[string, Partial<Provider>, Partial<TriggerSubject>]>([
  ['a disabled provider', { status: 'disabled' }, {}],
  ['another event', {}, { event: 'blob.updated' }],
  ['another content type', {}, { content_type: 'image/png' }],
  ['another maker', {}, { created_by: 'summariser' }],
  ['content that is too large', {}, { size: 1001 }],
  ['a blob that wants no providers', {}, { providers: 'none' }],
  ['a blob that wants others', {}, { providers: ['summariser'] }],
  ['its own descendant', { trigger_created_by: [] }, { ancestry: ['text-expander', 'grammar-checker'] }],
])('does not apply: %s', (_case, ofProvider, ofSubject) => {
  expect(triggerApplies({ ...provider, ...ofProvider }, { ...subject, ...ofSubject })).toBe(false)
})

test('reads content only where a pattern asks for it', async () => {
  let reads = 0
  const readText = async (): Promise<string> => `${++reads} TODO: write`
  const todo = { ...provider, id: 'todo', trigger_patterns: ['(?i)todo:'], digest: '2'.repeat(64) }
  const fixme = { ...provider, id: 'fixme', trigger_patterns: ['FIXME'], digest: '3'.repeat(64) }
  expect(await matchProviders([provider], subject, readText)).toEqual([provider])
  expect(reads).toBe(0)
  expect(await matchProviders([provider, todo, fixme], subject, readText)).toEqual([provider, todo])
  expect(reads).toBe(1)
  expect(await matchProviders([todo], subject, async () => null)).toEqual([])
})
