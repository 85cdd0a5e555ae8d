import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { hostOfTests, startStudio, waitForValue, type TestStudio } from '@studio/testing'
import { user } from './support.ts'

interface Span {
  service: string
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
}

interface Export {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] }
    scopeSpans: { spans: Omit<Span, 'service'>[] }[]
  }[]
}

const spans: Span[] = []
let collector: Server
let studio: TestStudio

/** A collector that keeps what OTLP over HTTP brings (JSON form). */
beforeAll(async () => {
  collector = createServer((request, response) => {
    void json(request).then((body) => {
      for (const { resource, scopeSpans } of (body as Export).resourceSpans ?? []) {
        const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? ''
        for (const scope of scopeSpans) spans.push(...scope.spans.map((span) => ({ ...span, service })))
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  collector.listen(0, '0.0.0.0')
  await once(collector, 'listening')
  const { port } = collector.address() as AddressInfo
  studio = await startStudio({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${hostOfTests()}:${port}`, OTEL_BSP_SCHEDULE_DELAY: '200' },
  })
}, 180_000)

afterAll(async () => {
  await studio?.stop()
  collector?.close()
  collector?.closeAllConnections()
})

const clientSpan = 'b7ad6b7169203331'

test('one trace leads from the REST call through NATS and Temporal to the derived write', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const ann = user(studio.as('trace'))
  const created = await ann.api.post(
    '/api/v1/studio/blobs',
    { text: 'A text whose way through the studio is followed.' },
    { traceparent: `00-${traceId}-${clientSpan}-01` },
  )
  const { id } = (created.body as { data: { id: string } }).data
  await ann.settled(id, 4)

  // Each process sends its spans in its own time: the trace is whole when every span hangs on another one, up to the client's.
  const services = ['gateway', 'delta-engine', 'blob', 'dag', 'worker']
  const ofTrace = await waitForValue(
    'a whole trace over all services, the derived writes included',
    () => spans.filter((span) => span.traceId === traceId),
    (found) =>
      services.every((service) => found.some((span) => span.service === service)) &&
      writes(found).length >= 2 &&
      looseParents(found).join() === clientSpan,
  )
  // The derived write hangs below the worker's run, and dag below the request: the way led through Temporal and NATS.
  const byId = new Map(ofTrace.map((span) => [span.spanId, span]))
  const ancestors = (span: Span): string[] => {
    const parent = byId.get(span.parentSpanId ?? '')
    return parent ? [parent.service, ...ancestors(parent)] : []
  }
  expect(writes(ofTrace).some((span) => ancestors(span).includes('worker'))).toBe(true)
  expect(ofTrace.some((span) => span.service === 'dag' && ancestors(span).includes('gateway'))).toBe(true)
}, 60_000)

/** Ids that spans name as their parent and that are not in the trace. */
function looseParents(found: readonly Span[]): string[] {
  const known = new Set(found.map((span) => span.spanId))
  return [
    ...new Set(
      found.flatMap((span) => (span.parentSpanId && !known.has(span.parentSpanId) ? [span.parentSpanId] : [])),
    ),
  ]
}

const writes = (found: readonly Span[]): Span[] =>
  found.filter((span) => span.service === 'blob' && span.name.includes('/internal/commits'))
