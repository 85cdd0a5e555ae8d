import { createClient, type Client } from '@studio/clients'
import { blobApi, deltaApi, type SubmitDelta, type SubmitOutcome, type SubmitTransform } from '@studio/contracts'
import { newId } from '@studio/kernel'
import { startStudio, type TestStudio } from '@studio/testing'
import pg from 'pg'

/** A real blob service and a real delta engine, as processes, and clients of both. */
export interface Fixture {
  readonly studio: TestStudio
  readonly deltas: Client<typeof deltaApi>
  readonly blobs: Client<typeof blobApi>
  readonly tenant_id: string
  submit(...items: SubmitDelta[]): Promise<SubmitOutcome[]>
  create(json: unknown): Promise<string>
  /** The JSON of a blob's head. */
  read(blobId: string): Promise<unknown>
  sql<Row>(text: string, values?: unknown[]): Promise<Row[]>
  close(): Promise<void>
}

export async function openFixture(partEnv: Record<string, Record<string, string>> = {}): Promise<Fixture> {
  const studio = await startStudio({ services: ['blob', 'delta-engine'], partEnv })
  const client = <Api extends typeof deltaApi | typeof blobApi>(api: Api, service: 'blob' | 'delta-engine') =>
    createClient(api, { baseUrl: studio.serviceUrl(service), token: studio.internalToken })
  const deltas = client(deltaApi, 'delta-engine')
  const blobs = client(blobApi, 'blob')
  const pool = new pg.Pool({ connectionString: studio.databaseUrl, max: 2 })
  // The engines end before the last connection may have.
  pool.on('error', () => undefined)
  const tenant_id = newId()

  const submit = async (...items: SubmitDelta[]): Promise<SubmitOutcome[]> =>
    (await deltas.call('submit', { items })).items
  return {
    studio,
    deltas,
    blobs,
    tenant_id,
    submit,
    create: async (json) => {
      const item = aChange(tenant_id, { operation: 'create', change: whole(JSON.stringify(json)) })
      const [outcome] = await submit(item)
      if (outcome?.status !== 'applied') throw new Error(`not created: ${JSON.stringify(outcome)}`)
      return item.blob_id
    },
    read: async (blob_id) => {
      const {
        items: [blob],
      } = await blobs.call('readBlobs', { items: [{ tenant_id, blob_id }] })
      const {
        items: [content],
      } = await blobs.call('readContents', { items: [{ tenant_id, hash: blob?.content_hash ?? '' }] })
      return JSON.parse(
        Buffer.from(content && 'base64' in content ? content.base64 : '', 'base64').toString(),
      ) as unknown
    },
    sql: async <Row>(text: string, values: unknown[] = []) => (await pool.query(text, values)).rows as Row[],
    close: async () => {
      await Promise.all([deltas.close(), blobs.close(), pool.end()])
      await studio.stop()
    },
  }
}

export function aChange(tenant_id: string, change: Partial<SubmitDelta>): SubmitDelta {
  return {
    tenant_id,
    user_id: tenant_id,
    blob_id: newId(),
    operation: 'update',
    change: null,
    metadata: null,
    providers: null,
    from_version: null,
    expected: 'from_version',
    delta_id: null,
    dry_run: false,
    conflict: null,
    conflict_policy: null,
    publication: null,
    idempotency_key: null,
    traceparent: null,
    ...change,
  }
}

export function aTransform(tenant_id: string, transform: Partial<SubmitTransform>): SubmitTransform {
  const blob_id = transform.blob_id ?? newId()
  return {
    delta_id: newId(),
    tenant_id,
    user_id: tenant_id,
    blob_id,
    from_version: 0,
    fence: 1,
    rests_on: [],
    provider_id: 'test-provider',
    content: { base64: Buffer.from('made').toString('base64') },
    content_type: 'text/plain',
    gated_since: null,
    caused_by: null,
    parent_id: null,
    root_id: blob_id,
    depth: 1,
    traceparent: null,
    ...transform,
  }
}

export function whole(text: string, content_type = 'application/json') {
  return { format: 'replace' as const, content: { base64: Buffer.from(text).toString('base64') }, content_type }
}

export function patch(...operations: { op: string; path: string; [member: string]: unknown }[]) {
  return { format: 'json-patch' as const, patch: JSON.stringify(operations) }
}
