import { randomUUID } from 'node:crypto'
import { answer, JobResource } from '@studio/contracts'
import { call, created, problem } from '../../tests/route-fixture.ts'

describe('providers', () => {
  test('process takes a job on', async () => {
    const { id } = await created()
    const { status, headers, json } = await call('POST', '/providers/text-expander/process', {
      body: { blob_id: id, configuration: { target_length: 100 } },
    })
    expect(status).toBe(202)
    const { data } = answer(JobResource).parse(json)
    expect(data).toMatchObject({ status: 'queued', input_ids: [id] })
    expect(headers.get('location')).toBe(`/api/v1/studio/jobs/${data.job_id}`)
  })

  test.each([
    {},
    { blob_id: 'x' },
    { blob_id: randomUUID(), configuration: 1 },
    { blob_id: randomUUID(), label: 'a\nb' },
    { blob_id: randomUUID(), extra: 1 },
  ])('process refuses %j', async (body) => {
    expect(await problem(call('POST', '/providers/text-expander/process', { body }))).toMatchObject({
      status: 422,
      code: 'invalid_request',
    })
  })

  test.each([
    ['POST', '/providers'],
    ['PATCH', '/providers/text-expander'],
    ['POST', '/providers/text-expander/process'],
    ['POST', `/jobs/${randomUUID()}/retry`],
  ])('%s %s knows no dry run, and says so', async (method, path) => {
    expect(await problem(call(method, `${path}?dry_run=true`, { body: {} }))).toMatchObject({ pointers: ['/dry_run'] })
  })

  test('a manifest is checked', async () => {
    expect(await problem(call('POST', '/providers', { body: { id: 'X' } }))).toMatchObject({
      status: 422,
      code: 'invalid_request',
    })
  })
})
