import type { BlobResource, DeltaResource } from '@studio/contracts'
import { waitFor, type Answer, type Api, type TestStudio } from '@studio/testing'
import pg from 'pg'

export const base = '/api/v1/studio'

/** The media types of patches. */
export const types = {
  jsonPatch: { 'content-type': 'application/json-patch+json' },
  mergePatch: { 'content-type': 'application/merge-patch+json' },
  text: { 'content-type': 'application/vnd.studio.text-patch+json' },
  diff: { 'content-type': 'text/x-diff' },
} as const

/** The data of an answer that has to have this status. */
export async function expectStatus<Data>(status: number, answering: Promise<Answer<{ data: Data }>>): Promise<Data> {
  const { status: got, body } = await answering
  expect({ status: got, ...(got !== status && { body }) }).toEqual({ status })
  return body.data
}

/** What a person does with the deltas of blobs that no provider looks at. */
export function writer(api: Api) {
  const create = async (envelope: object): Promise<BlobResource> =>
    expectStatus(201, api.post(`${base}/blobs`, { providers: 'none', ...envelope }))
  const text = async (id: string, query = ''): Promise<string> =>
    (await expectStatus<BlobResource>(200, api.get(`${base}/blobs/${id}?include=content${query}`))).text ?? ''
  return {
    create,
    createJson: (value: unknown, envelope: object = {}) =>
      create({ text: JSON.stringify(value), content_type: 'application/json', ...envelope }),
    /** PATCH: an envelope, or a patch under its media type. */
    change: (id: string, body: unknown, headers: Record<string, string> = {}, query = '') => {
      const written = headers['content-type'] !== undefined && !(typeof body === 'string' || body instanceof Uint8Array)
      return api.patch(`${base}/blobs/${id}${query}`, written ? JSON.stringify(body) : body, headers)
    },
    text,
    json: async (id: string): Promise<unknown> => JSON.parse(await text(id)) as unknown,
    /** All deltas of a blob from its beginning. */
    chain: (id: string): Promise<DeltaResource[]> => expectStatus(200, api.get(`${base}/blobs/${id}/deltas?from=0`)),
  }
}

/** A look at the rows of blob and the delta engine. */
export async function openRows(studio: TestStudio) {
  const database = new pg.Client({ connectionString: studio.databaseUrl })
  await database.connect()
  // The engines may end before the last connection does.
  database.on('error', () => undefined)
  const tables = ['blob.blob', 'blob.version', 'blob.content', 'blob.outbox', 'delta.delta', 'delta.outbox']
  const counts = tables.map((table) => `(select count(*)::int from ${table}) as "${table}"`)
  const heads = '(select json_agg(b order by b.id)::text from blob.blob b) as heads'
  return {
    /** How many rows every table has, outboxes and staged contents included, and all heads; once no delta is on its way. */
    read: async (): Promise<unknown> => {
      await waitFor('deltas to be marked', async () => {
        const pending = await database.query(`select from delta.delta where status = 'pending'`)
        return pending.rowCount === 0
      })
      return (await database.query(`select ${[...counts, heads].join(', ')}`)).rows
    },
    close: () => database.end(),
  }
}
