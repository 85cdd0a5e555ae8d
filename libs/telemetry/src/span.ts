import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Attributes,
  type Span,
} from '@opentelemetry/api'
import { currentTrace, withTrace } from './context.ts'
import { newTrace, parseTraceparent, type TraceContext } from './traceparent.ts'

export interface SpanOptions {
  /** traceparent of the span that this one belongs to; without it the current span, without that a new trace. */
  parent?: string | null | undefined
  /** traceparents of other spans that had a part in this (the events of a batch). */
  links?: readonly (string | null | undefined)[]
  attributes?: Attributes
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const

const tracer = trace.getTracer('studio')

/** A span whose end is not the end of one function. */
export interface OpenSpan {
  readonly span: Span
  readonly traceId: string
  /** Runs `fn` inside the span. */
  run<Result>(fn: () => Result): Result
  end(error?: unknown): void
}

/**
 * Opens a span; whoever opens it ends it. Without a started SDK nothing is recorded, yet the trace id is kept or made, so that
 * the log lines of all processes that worked on one request carry the same one.
 */
export function startSpan(name: string, options: SpanOptions = {}): OpenSpan {
  const parent = parseTraceparent(options.parent) ?? currentTrace()
  const span = tracer.startSpan(
    name,
    {
      kind: kinds[options.kind ?? 'internal'],
      ...(options.attributes && { attributes: options.attributes }),
      ...(options.links?.length && { links: linksOf(options.links) }),
    },
    parent ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parent)) : ROOT_CONTEXT,
  )
  const context = contextOf(span, parent)
  return {
    span,
    traceId: context.traceId,
    run: (fn) => withTrace(context, fn),
    end: (error) => {
      if (error !== undefined) recordError(span, error)
      span.end()
    },
  }
}

/** Runs `fn` inside a span. An error is recorded and thrown on. */
export async function span<Result>(
  name: string,
  options: SpanOptions,
  fn: (span: Span) => Result | Promise<Result>,
): Promise<Result> {
  const open = startSpan(name, options)
  try {
    const result = await open.run(() => fn(open.span))
    open.end()
    return result
  } catch (error) {
    open.end(error)
    throw error
  }
}

// The span of the API without an SDK repeats its parent, or is invalid without one.
function contextOf(span: Span, parent: TraceContext | undefined): TraceContext {
  const { traceId, spanId, traceFlags } = span.spanContext()
  if (span.isRecording()) return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }
  return parent ?? newTrace()
}

function toSpanContext({ traceId, spanId, sampled }: TraceContext) {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true }
}

function linksOf(links: readonly (string | null | undefined)[]) {
  return [...new Set(links)].flatMap((link) => {
    const context = parseTraceparent(link)
    return context ? [{ context: toSpanContext(context) }] : []
  })
}

function recordError(span: Span, error: unknown): void {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'error'
  span.setStatus({ code: SpanStatusCode.ERROR, message: code })
  // The message of an unknown error may hold content: the code is enough to find it in the log.
  span.setAttribute('error.type', code)
}
