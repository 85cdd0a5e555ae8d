import { blobApi, type Route, type StudioEvent } from '@studio/contracts'
import { openBus, startConsumer } from '@studio/events'
import { listen } from '@studio/http'
import { newId, sha256 } from '@studio/kernel'
import { migratedDatabase, startEngines, waitFor } from '@studio/testing'
import { createBlobApp } from '../src/app.ts'
import { createContext } from '../src/context.ts'
import { aCommit, bytesOf, silent } from './fixture.ts'

const token = 'a token of this test only'
const limit = 100_000

/** The service over HTTP, on real engines. */
async function openService() {
  const [{ url: DATABASE_URL, drop }, engines] = await Promise.all([
    migratedDatabase('blob'),
    startEngines({ nats: true }),
  ])
  const NATS_URL = engines.natsUrl
  const settings = {
    PORT: 0,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'silent',
    STUDIO_INTERNAL_TOKEN: token,
    STUDIO_MAX_BLOB_BYTES: limit,
    STUDIO_PACK_MS: 50,
  } as const
  const context = createContext({ ...settings, DATABASE_URL, NATS_URL }, silent)
  const server = await listen(createBlobApp(context), { host: '127.0.0.1', port: 0, log: silent })
  const request = async (path: string, init: RequestInit): Promise<Response> =>
    fetch(server.url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } })
  return {
    engines,
    request,
    call: async <Api extends Route>(route: Api, body: unknown) => {
      const response = await request(route.path, { method: 'POST', body: JSON.stringify(body) })
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
      // Answers are not checked on their way out, so they are here.
      return route.response.parse(await response.json()) as ReturnType<Api['response']['parse']>
    },
    close: async () => {
      await server.close()
      await context.close()
      await engines.stop()
      await drop()
    },
  }
}

let blob: Awaited<ReturnType<typeof openService>>
beforeAll(async () => {
  blob = await openService()
})
afterAll(() => blob.close())

describe('contents', () => {
  const tenant = newId()
  const put = (bytes: Buffer, headers: Record<string, string> = { 'studio-tenant': tenant }) =>
    blob.request('/internal/contents', { method: 'PUT', body: new Uint8Array(bytes), headers })
  const get = (hash: string, owner = tenant) =>
    blob.request(`/internal/contents/${hash}`, { headers: { 'studio-tenant': owner } })

  it('gives staged bytes back, to their tenant only', async () => {
    const bytes = Buffer.alloc(5000, 'text ')
    const staged = await put(bytes)
    expect([staged.status, await staged.json()]).toEqual([200, { hash: sha256(bytes), size: 5000 }])
    const answer = await get(sha256(bytes))
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
    const foreign = await get(sha256(bytes), newId())
    expect([foreign.status, await foreign.json()]).toMatchObject([404, { code: 'content_not_found' }])
  })

  it('keeps bytes once, whoever brings them and how often', async () => {
    const text = 'the same bytes '.repeat(100)
    await put(Buffer.from(text))
    await put(Buffer.from(text))
    const { items } = await blob.call(blobApi.commit, {
      items: [
        aCommit({ tenant_id: tenant, text }),
        aCommit({ tenant_id: tenant, text }),
        aCommit({ tenant_id: tenant, content: { hash: sha256(text) } }),
      ],
    })
    expect(items.map(({ status }) => status)).toEqual(['committed', 'committed', 'committed'])
    const read = await blob.call(blobApi.readContents, {
      items: [
        { tenant_id: tenant, hash: sha256(text) },
        { tenant_id: tenant, hash: sha256('none') },
      ],
    })
    expect(read.items).toEqual([bytesOf(text), null])
  })

  it('takes as many bytes as allowed and no more', async () => {
    expect((await put(Buffer.alloc(limit))).status).toBe(200)
    const answer = await put(Buffer.alloc(limit + 1))
    expect([answer.status, await answer.json()]).toMatchObject([413, { code: 'body_too_large' }])
  })

  it('wants a tenant and the internal token', async () => {
    expect((await put(Buffer.from('x'), {})).status).toBe(422)
    expect((await put(Buffer.from('x'), { 'studio-tenant': tenant, authorization: 'Bearer other' })).status).toBe(401)
  })
})

describe('lists', () => {
  it('goes through the live blobs of a tenant, newest first, derived ones too', async () => {
    const tenant_id = newId()
    const root = aCommit({ tenant_id })
    // Ids of derived blobs do not sort by time.
    const made = [
      root,
      ...['c', 'a', 'b'].map((digit) =>
        aCommit({ tenant_id, root_id: root.blob_id, blob_id: newId().replace(/^.{8}/, digit.repeat(8)) }),
      ),
    ]
    for (const commit of made) await blob.call(blobApi.commit, { items: [commit] })
    const buried = aCommit({ tenant_id })
    await blob.call(blobApi.commit, { items: [buried] })
    await blob.call(blobApi.commit, {
      items: [
        { ...aCommit({ tenant_id, blob_id: buried.blob_id, from_version: 1, operation: 'delete' }), content: null },
      ],
    })

    const seen: string[] = []
    for (let after: string | undefined; ;) {
      const page = await blob.call(blobApi.listBlobs, { tenant_id, limit: 2, ...(after && { after }) })
      seen.push(...page.blobs.map(({ id }) => id))
      if (page.next === null) break
      after = page.next
    }
    expect(seen).toEqual(made.map(({ blob_id }) => blob_id).reverse())
    const derived = await blob.call(blobApi.listBlobs, { tenant_id, root_id: root.blob_id, limit: 10 })
    expect(derived.blobs).toHaveLength(4)
    const foreign = await blob.call(blobApi.listBlobs, { tenant_id: newId(), after: root.blob_id, limit: 10 })
    expect(foreign).toEqual({ blobs: [], next: null })
  })

  it('goes through a history and through the transforms of a time', async () => {
    const since = new Date(Date.now() - 1000).toISOString()
    const create = aCommit()
    const { tenant_id, blob_id } = create
    const transforms = [1, 2, 3].map((from_version) =>
      aCommit({ blob_id, from_version, operation: 'transform', created_by: 'summarizer', fence: from_version }),
    )
    for (const commit of [create, ...transforms]) await blob.call(blobApi.commit, { items: [commit] })
    const newest = await blob.call(blobApi.listVersions, { tenant_id, blob_id, limit: 3 })
    expect([newest.versions.map(({ version }) => version), newest.next]).toEqual([[4, 3, 2], 2])
    const oldest = await blob.call(blobApi.listVersions, { tenant_id, blob_id, limit: 3, before: 2 })
    expect([oldest.versions.map(({ version }) => version), oldest.next]).toEqual([[1], null])

    const until = new Date(Date.now() + 1000).toISOString()
    const first = await blob.call(blobApi.listTransforms, { since, until, limit: 2 })
    const rest = await blob.call(blobApi.listTransforms, { since, until, limit: 2, after: first.items[1]?.version_id })
    expect([...first.items, ...rest.items].map(({ delta_id }) => delta_id)).toEqual(
      transforms.map(({ delta_id }) => delta_id),
    )
    expect((await blob.call(blobApi.listTransforms, { since: until, until, limit: 2 })).items).toEqual([])
  })
})

describe('an atomic list', () => {
  it('is committed or refused as a whole, and its versions are found by their time', async () => {
    const create = aCommit({ conflict_policy: 'merge' })
    const { tenant_id, blob_id } = create
    const update = aCommit({ blob_id, from_version: 1 })
    const refused = await blob.call(blobApi.commitAtomically, { items: [create, update, update, aCommit({ blob_id })] })
    expect(refused).toMatchObject({ status: 'refused', position: 3, outcome: { status: 'conflict', head_version: 2 } })
    const committed = await blob.call(blobApi.commitAtomically, { items: [create, update] })
    expect(committed).toMatchObject({ status: 'committed', items: [{ version: 1 }, { version: 2 }] })
    const at = new Date(Date.now() + 1000).toISOString()
    const { version } = await blob.call(blobApi.readVersionAt, { tenant_id, blob_id, at })
    expect(version).toMatchObject({ version: 2, delta_id: update.delta_id })
    const heads = await blob.call(blobApi.listBlobs, { tenant_id, limit: 1 })
    expect(heads.blobs).toMatchObject([{ id: blob_id, conflict_policy: 'merge' }])
  })
})

describe('events', () => {
  it('reach JetStream, and wait in the outbox while NATS is away', async () => {
    const heard: StudioEvent[] = []
    const bus = openBus({ url: blob.engines.natsUrl, name: 'test', log: silent })
    const consumer = startConsumer({
      bus,
      log: silent,
      durable: 'test',
      filterSubjects: ['studio.blob.*.*'],
      handle: async (events) => void heard.push(...events),
    })
    const heardOf = (blobId: string) =>
      waitFor(`the event of ${blobId}`, () =>
        heard.some(({ data }) => (data.facts as { blob_id: string }[]).some(({ blob_id }) => blob_id === blobId)),
      )
    try {
      const first = aCommit()
      await blob.call(blobApi.commit, { items: [first] })
      await heardOf(first.blob_id)
      await blob.engines.kill('nats')
      const second = aCommit()
      expect((await blob.call(blobApi.commit, { items: [second] })).items).toMatchObject([{ status: 'committed' }])
      expect((await blob.request('/readyz', {})).status).toBe(200)
      await blob.engines.start('nats')
      await heardOf(second.blob_id)
    } finally {
      await consumer.close()
      await bus.close()
    }
  })
})
