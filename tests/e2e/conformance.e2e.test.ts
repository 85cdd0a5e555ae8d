import { isDeepStrictEqual } from 'node:util'
import type { BlobResource } from '@studio/contracts'
import { startStudio, type Api, type TestStudio } from '@studio/testing'
import { allCases } from '../conformance/cases/all.ts'
import type { ConformanceCase } from '../conformance/cases/case.ts'
import { base, expectStatus, types } from './deltas-support.ts'

/** Every case of tests/conformance as a user meets it: a blob with the document, a PATCH, and what is read afterwards. */

let studio: TestStudio
let api: Api

beforeAll(async () => {
  studio = await startStudio({ services: ['blob', 'delta-engine', 'dag', 'provider-registry', 'gateway'] })
  api = studio.as('conformance')
}, 180_000)

afterAll(() => studio?.stop())

const sources = Map.groupBy(allCases, ({ source }) => source)

test.each([...sources.keys()])('%s', async (source) => {
  const cases = sources.get(source)?.values() ?? []
  const faults: string[] = []
  // One iterator for all: each of the sixteen takes the next case that nobody has taken.
  const work = async () => {
    for (const one of cases) {
      const fault = await faultOf(one)
      if (fault !== undefined) faults.push(`${one.name}: ${fault}`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
  expect(faults).toEqual([])
})

async function faultOf({ format, document, patch, expected }: ConformanceCase): Promise<string | undefined> {
  const envelope = { text: document, content_type: 'application/json', providers: 'none' }
  const { id } = await expectStatus<BlobResource>(201, api.post(`${base}/blobs`, envelope))
  const answer = await api.patch(
    `${base}/blobs/${id}`,
    patch,
    format === 'json-patch' ? types.jsonPatch : types.mergePatch,
  )
  const { headers, body } = await api.get(`${base}/blobs/${id}/content`)
  const version = /^"v(\d+)-/.exec(headers.get('etag') ?? '')?.[1]
  const asExpected =
    'code' in expected
      ? isRefusal(answer.status) && answer.body.code === expected.code && isStill(document, body) && version === '1'
      : answer.status === 200 && isStill(expected.result, body) && version === '2'
  if (asExpected) return undefined
  const found = { status: answer.status, code: answer.body?.code, version, content: body }
  return `expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`
}

const isRefusal = (status: number) => status >= 400 && status < 500

const isStill = (text: string, value: unknown) => isDeepStrictEqual(value, JSON.parse(text))
