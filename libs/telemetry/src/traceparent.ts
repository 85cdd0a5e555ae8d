import { randomFillSync } from 'node:crypto'

/** Where in a trace something happens: 32 and 16 hex digits, and whether the trace is recorded. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const invalidTraceId = '0'.repeat(32)
const invalidSpanId = '0'.repeat(16)

/** The trace context of a `traceparent` header (W3C Trace Context, section 3.2), or undefined where it is not valid. */
export function parseTraceparent(text: string | null | undefined): TraceContext | undefined {
  if (!text) return undefined
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, version, traceId = '', spanId = '', flags = '00', rest] = match
  // Version 00 ends after the flags; later versions may append fields; ff is forbidden.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (traceId === invalidTraceId || spanId === invalidSpanId) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

/** A trace of its own that starts here. */
export function newTraceparent(): string {
  return formatTraceparent(newTrace())
}

export function newTrace(): TraceContext {
  return { traceId: randomHex(16), spanId: randomHex(8), sampled: true }
}

// One call of the random generator costs more than the ids of a thousand spans: take them from a buffer.
const pool = Buffer.allocUnsafe(8192)
let position = pool.length

function randomHex(length: number): string {
  if (position + length > pool.length) {
    randomFillSync(pool)
    position = 0
  }
  const start = position
  position += length
  return pool.toString('hex', start, position)
}
