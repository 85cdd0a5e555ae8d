import { createClient, type Client } from '@studio/clients'
import { blobApi, registryApi, type ProviderManifest } from '@studio/contracts'
import { createApp, listen, serveRoutes, type RunningServer } from '@studio/http'
import { newId, sha256 } from '@studio/kernel'
import { createLogger } from '@studio/telemetry'
import { migratedDatabase, startEngines, waitFor, type TestDatabase, type TestEngines } from '@studio/testing'
import { createRegistryApp } from '../src/app.ts'
import { createContext, type Context } from '../src/context.ts'

const token = 'internal-token-of-this-test-0123456789'
const log = createLogger({ service: 'registry-test', level: 'fatal' })
const todo = 'TODO: find the whale'

let engines: TestEngines
let database: TestDatabase
let blobs: RunningServer
const replicas: { context: Context; server: RunningServer; client: Client<typeof registryApi> }[] = []
let registry: Client<typeof registryApi>

async function startReplica(): Promise<Client<typeof registryApi>> {
  const context = createContext(
    {
      PORT: 0,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'fatal',
      STUDIO_INTERNAL_TOKEN: token,
      OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
      DATABASE_URL: database.url,
      NATS_URL: engines.natsUrl,
      BLOB_URL: blobs.url,
    },
    log,
  )
  const server = await listen(createRegistryApp(context), { host: '127.0.0.1', port: 0, log })
  const client = createClient(registryApi, { baseUrl: server.url, token })
  replicas.push({ context, server, client })
  return client
}

beforeAll(async () => {
  ;[engines, database] = await Promise.all([startEngines({ nats: true }), migratedDatabase('provider-registry')])
  // Stands for blob: it has one content.
  const app = createApp({
    service: 'blob',
    log,
    internalToken: token,
    readiness: {},
    routes: (routes) => {
      const { readContents } = blobApi
      serveRoutes(
        routes,
        { readContents },
        {
          readContents: async ({ items }) => ({
            items: items.map(({ hash }) =>
              hash === sha256(todo) ? { base64: Buffer.from(todo).toString('base64') } : null,
            ),
          }),
        },
      )
    },
  })
  blobs = await listen(app, { host: '127.0.0.1', port: 0, log })
  registry = await startReplica()
})

afterAll(async () => {
  for (const { client, server, context } of replicas) {
    await client.close()
    await server.close()
    await context.close()
  }
  await blobs.close()
  await database.drop()
  await engines.stop()
})

let counter = 0
function manifest(change: Partial<ProviderManifest> = {}): ProviderManifest {
  const id = change.id ?? `provider-${++counter}`
  return {
    id,
    version: '1.0.0',
    name: id,
    description: '',
    type: 'test',
    workflow_type: id,
    task_queue: 'acme',
    inputs: { input: { types: ['text/plain'], list: false } },
    output_type: 'text/plain',
    config_schema: {
      type: 'object',
      properties: { words: { type: 'integer', default: 10 } },
      additionalProperties: false,
    },
    default_config: {},
    input_schema: null,
    output_schema: null,
    max_input_bytes: 1000,
    timeout_ms: 1000,
    batch_size: 10,
    trigger_events: ['blob.created'],
    trigger_created_by: ['user'],
    trigger_patterns: [],
    ...change,
  }
}

const subject = (tenant_id: string, content = 'plain') => ({
  tenant_id,
  event: 'blob.created' as const,
  content_type: 'text/plain',
  content_hash: sha256(content),
  size: content.length,
  created_by: 'user',
  ancestry: [],
  providers: 'auto' as const,
})

const code = (expected: string) => expect.objectContaining({ code: expected }) as Error

test('a provider is registered once, whoever asks how often, and is seen by every tenant', async () => {
  const given = manifest()
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => registry.call('register', { tenant_id: null, manifest: given })),
  )
  expect(new Set(answers.map(({ provider }) => provider.digest)).size).toBe(1)
  const { providers } = await registry.call('list', { tenant_id: newId() })
  expect(providers.find(({ id }) => id === given.id)).toMatchObject({ ...given, status: 'active', tenant_id: null })
  const context = replicas[0]?.context
  const events = await context?.database.query<{ subject: string }>(
    'test-events',
    `SELECT subject FROM outbox WHERE event->'data'->'facts'->0->>'provider_id' = $1`,
    [given.id],
  )
  expect(events).toEqual([{ subject: 'studio.provider.registered.00000000-0000-0000-0000-000000000000' }])
})

test('a version is immutable; a later one becomes current, an earlier one does not', async () => {
  const given = manifest({ version: '1.2.0' })
  await registry.call('register', { tenant_id: null, manifest: given })
  const changed = registry.call('register', { tenant_id: null, manifest: { ...given, name: 'changed' } })
  await expect(changed).rejects.toEqual(code('provider_version_conflict'))
  await registry.call('register', { tenant_id: null, manifest: { ...given, version: '1.10.0', name: 'later' } })
  await registry.call('register', { tenant_id: null, manifest: { ...given, version: '1.1.0', name: 'earlier' } })
  const read = { tenant_id: newId(), provider_id: given.id }
  expect(await registry.one('read', read)).toMatchObject({ version: '1.10.0', name: 'later' })
  expect(await registry.one('read', { ...read, version: '1.1.0' })).toMatchObject({ version: '1.1.0', name: 'earlier' })
  expect(await registry.one('read', { ...read, version: '9.0.0' })).toBeNull()
})

test("a tenant's own provider and its decisions are nobody else's", async () => {
  const [owner, stranger] = [newId(), newId()]
  const own = manifest()
  const common = manifest()
  await registry.call('register', { tenant_id: owner, manifest: own })
  await registry.call('register', { tenant_id: null, manifest: common })
  expect(await registry.one('read', { tenant_id: owner, provider_id: own.id })).toMatchObject({
    id: own.id,
    tenant_id: owner,
  })
  expect(await registry.one('read', { tenant_id: stranger, provider_id: own.id })).toBeNull()
  const foreign = registry.call('setStatus', { tenant_id: stranger, provider_id: own.id, status: 'disabled' })
  await expect(foreign).rejects.toEqual(code('provider_not_found'))

  const { provider } = await registry.call('setStatus', {
    tenant_id: owner,
    provider_id: common.id,
    status: 'disabled',
  })
  expect(provider.status).toBe('disabled')
  expect(await registry.one('read', { tenant_id: stranger, provider_id: common.id })).toMatchObject({
    status: 'active',
  })
  const idsFor = async (tenant: string) => (await registry.one('match', subject(tenant))).providers.map(({ id }) => id)
  expect(await idsFor(owner)).not.toContain(common.id)
  expect(await idsFor(stranger)).toContain(common.id)
  expect(await idsFor(stranger)).not.toContain(own.id)

  const taken = registry.call('register', { tenant_id: owner, manifest: { ...common, version: '9.0.0' } })
  await expect(taken).rejects.toEqual(code('invalid_manifest'))
})

test('what cannot work is refused when it is registered', async () => {
  const register = (change: Partial<ProviderManifest>) =>
    registry.call('register', { tenant_id: null, manifest: manifest(change) })
  await expect(register({ trigger_patterns: ['a(?=b)'] })).rejects.toEqual(code('invalid_manifest'))
  await expect(register({ config_schema: { type: 'nonsense' } })).rejects.toEqual(code('invalid_manifest'))
  await expect(register({ version: '1.0' })).rejects.toEqual(code('invalid_request'))
  const id = `loop-${newId().slice(-6)}`
  await register({ id, trigger_created_by: [`${id}-b`] })
  await expect(register({ id: `${id}-b`, trigger_created_by: [id] })).rejects.toEqual(code('invalid_manifest'))
})

test('a configuration is checked and completed', async () => {
  const given = manifest()
  await registry.call('register', { tenant_id: null, manifest: given })
  const ask = (config: { words?: string | number }) =>
    registry.call('resolveConfig', { tenant_id: newId(), provider_id: given.id, config })
  expect((await ask({})).config).toEqual({ words: 10 })
  expect((await ask({ words: 3 })).config).toEqual({ words: 3 })
  await expect(ask({ words: 'many' })).rejects.toEqual(code('invalid_configuration'))
})

test('patterns are looked for in the content', async () => {
  const tenant = newId()
  const given = manifest({ trigger_patterns: ['(?i)todo:\\s'] })
  await registry.call('register', { tenant_id: tenant, manifest: given })
  const found = async (content: string) =>
    (await registry.one('match', subject(tenant, content))).providers.some(({ id }) => id === given.id)
  expect(await found(todo)).toBe(true)
  expect(await found('content that blob does not have')).toBe(false)
})

test('another replica learns of a registration by itself', async () => {
  const other = await startReplica()
  const given = manifest()
  const read = { tenant_id: newId(), provider_id: given.id }
  expect(await other.one('read', read)).toBeNull()
  await registry.call('register', { tenant_id: null, manifest: given })
  await waitFor('the other replica to offer the provider', async () => (await other.one('read', read)) !== null, {
    timeoutMs: 5000,
  })
})
