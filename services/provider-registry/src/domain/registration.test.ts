import type { Provider, ProviderManifest } from '@studio/contracts'
import { checkManifest } from './check-manifest.ts'
import { decideRegistration } from './decide-registration.ts'
import { resolveConfig } from './resolve-config.ts'

const slot = { types: ['text/plain'], list: false }
const manifest: ProviderManifest = {
  id: 'echo',
  version: '1.1.0',
  name: 'Echo',
  description: '',
  type: 'text',
  workflow_type: 'echo',
  task_queue: 'acme',
  inputs: { input: slot },
  output_type: 'text/plain',
  config_schema: {
    type: 'object',
    properties: { times: { type: 'integer', minimum: 1, default: 2 }, voice: { type: 'string', pattern: '^[a-z]+$' } },
    additionalProperties: false,
  },
  default_config: { voice: 'loud' },
  input_schema: null,
  output_schema: null,
  max_input_bytes: 1000,
  timeout_ms: 1000,
  batch_size: 1,
  trigger_events: ['blob.created'],
  trigger_created_by: ['user'],
  trigger_patterns: [],
}
const digest = 'a'.repeat(64)
const tenantId = '6f1c2b9e-0d7a-4c55-8f0e-3a5b1c9d7e20'
const nothing = { registeredDigest: null, currentVersion: null, current: [], takenByCommon: false }
const refused = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as string }) as Error

describe('a manifest', () => {
  test('that is right passes', () => {
    expect(() => checkManifest({ ...manifest, trigger_patterns: ['(?i)todo'] }, tenantId)).not.toThrow()
  })
  test('that is applied by hand only may have any inputs', () => {
    const inputs = { one: slot, more: { ...slot, list: true } }
    expect(() => checkManifest({ ...manifest, inputs, trigger_events: [] }, tenantId)).not.toThrow()
  })
  test.each<[string, Partial<ProviderManifest>, string]>([
    ['look-around', { trigger_patterns: ['ok', 'a(?!b)'] }, '/trigger_patterns/1: look-around'],
    ['a back-reference', { trigger_patterns: ['(a)\\1'] }, 'back-references'],
    ['a schema with an unknown type', { config_schema: { type: 'objekt' } }, '/config_schema'],
    [
      'a schema with an unsafe pattern',
      { input_schema: { type: 'string', pattern: '(?=a)b' } },
      '/input_schema: look-around',
    ],
    ['a default that does not fit', { default_config: { times: 0 } }, '/default_config/times'],
    ['a queue of the studio itself', { task_queue: 'studio' }, '/task_queue'],
    ['triggers and a list as its input', { inputs: { input: { types: ['text/plain'], list: true } } }, '/inputs'],
    ['triggers and two inputs', { inputs: { one: slot, two: slot } }, '/inputs'],
    ['a schema that is too large', { config_schema: { description: 'x'.repeat(70_000) } }, '64 KiB'],
  ])('with %s is refused', (_case, change, text) => {
    expect(() => checkManifest({ ...manifest, ...change }, tenantId)).toThrow(refused('invalid_manifest', text))
  })
})

test('the studio registers its own providers on its own queue', () => {
  expect(() => checkManifest({ ...manifest, task_queue: 'studio' }, null)).not.toThrow()
})

describe('a registration', () => {
  test('the first version, and a later one, become current', () => {
    expect(decideRegistration(manifest, digest, nothing)).toEqual({ isNew: true, becomesCurrent: true })
    expect(decideRegistration(manifest, digest, { ...nothing, currentVersion: '1.0.9' }).becomesCurrent).toBe(true)
    expect(decideRegistration(manifest, digest, { ...nothing, currentVersion: '1.10.0' }).becomesCurrent).toBe(false)
  })
  test('the same manifest again changes nothing', () => {
    const state = { ...nothing, registeredDigest: digest, currentVersion: '1.1.0' }
    expect(decideRegistration(manifest, digest, state)).toEqual({ isNew: false, becomesCurrent: false })
  })
  test('of two variants of one version the one registered last is current', () => {
    const state = { ...nothing, registeredDigest: digest, currentVersion: '1.1.0+model' }
    expect(decideRegistration(manifest, digest, state)).toEqual({ isNew: false, becomesCurrent: true })
  })
  test('the same version with another manifest is refused', () => {
    const state = { ...nothing, registeredDigest: 'b'.repeat(64) }
    expect(() => decideRegistration(manifest, digest, state)).toThrow(
      refused('provider_version_conflict', 'echo@1.1.0'),
    )
  })
  test('a trigger loop, and an id that the studio itself has, are refused', () => {
    const other = { ...manifest, id: 'other', trigger_created_by: ['echo'] }
    const looping = { ...manifest, trigger_created_by: ['user', 'other'] }
    expect(() => decideRegistration(looping, digest, { ...nothing, current: [other] })).toThrow(
      refused('invalid_manifest', 'loop'),
    )
    expect(() => decideRegistration(manifest, digest, { ...nothing, takenByCommon: true })).toThrow(
      refused('invalid_manifest', 'another id'),
    )
  })
})

describe('a configuration', () => {
  const provider: Provider = { ...manifest, tenant_id: null, status: 'active', digest, created_at: '', updated_at: '' }
  test('is laid over the defaults of manifest and schema', () => {
    expect(resolveConfig(provider, {})).toEqual({ voice: 'loud', times: 2 })
    expect(resolveConfig(provider, { times: 3 })).toEqual({ voice: 'loud', times: 3 })
    expect(provider.default_config).toEqual({ voice: 'loud' })
  })
  test('that does not fit is refused with its place', () => {
    expect(() => resolveConfig(provider, { times: 'x' })).toThrow(
      refused('invalid_configuration', '/configuration/times'),
    )
    expect(() => resolveConfig(provider, { voice: 'UP' })).toThrow(
      refused('invalid_configuration', '/configuration/voice'),
    )
    expect(() => resolveConfig(provider, { unknown: 1 })).toThrow(refused('invalid_configuration', 'additional'))
  })
})
