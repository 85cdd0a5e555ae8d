import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { currentTraceparent, span, startTelemetry } from '../src/index.ts'

interface Exported {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  links?: { traceId: string }[]
  status: { code?: number }
}
interface TraceExport {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] }
    scopeSpans: { spans: Exported[] }[]
  }[]
}

test('spans reach the OTLP endpoint, joined over a process boundary by the traceparent', async () => {
  const received: TraceExport[] = []
  const collector = createServer((request, response) => {
    void json(request).then((body) => {
      if (request.url === '/v1/traces') received.push(body as TraceExport)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const telemetry = await startTelemetry({
    service: 'traced',
    endpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  })

  const carried = await span('request', { kind: 'server' }, () => span('commit', {}, () => currentTraceparent()))
  const other = await span('another request', {}, () => currentTraceparent())
  await span('consume', { parent: carried, links: [other] }, () => Promise.reject(new Error('refused'))).catch(
    () => undefined,
  )
  await telemetry.shutdown()
  collector.close()

  const exported = received.flatMap(({ resourceSpans }) => resourceSpans)
  expect(exported[0]?.resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'traced' } })
  const spans = new Map(
    exported.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)).map((of) => [of.name, of]),
  )
  const [request, commit, consume] = ['request', 'commit', 'consume'].map((name) => spans.get(name)!)
  expect(commit).toMatchObject({ traceId: request!.traceId, parentSpanId: request!.spanId })
  expect(consume).toMatchObject({ traceId: request!.traceId, parentSpanId: commit!.spanId, status: { code: 2 } })
  expect(consume!.links).toMatchObject([{ traceId: spans.get('another request')!.traceId }])
}, 20_000)
