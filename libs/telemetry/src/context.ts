import { AsyncLocalStorage } from 'node:async_hooks'
import { formatTraceparent, type TraceContext } from './traceparent.ts'

/** What log lines of this piece of work carry besides the trace id. */
export interface LogContext {
  tenant_id?: string
  blob_id?: string
  cascade_id?: string
  run_id?: string
  request_id?: string
}

interface Work {
  readonly trace: TraceContext | undefined
  readonly fields: LogContext
}

const storage = new AsyncLocalStorage<Work>()
const outside: Work = { trace: undefined, fields: {} }

/** Runs `fn` so that its log lines carry these ids, too. Contexts nest: inner ones add to outer ones. Returns what `fn` returns. */
export function withContext<Result>(fields: LogContext, fn: () => Result): Result {
  const current = storage.getStore() ?? outside
  return storage.run({ trace: current.trace, fields: { ...current.fields, ...fields } }, fn)
}

/** Runs `fn` at this place of a trace; the log fields stay. */
export function withTrace<Result>(trace: TraceContext, fn: () => Result): Result {
  return storage.run({ trace, fields: storage.getStore()?.fields ?? outside.fields }, fn)
}

/** The ids that log lines carry here. */
export function currentContext(): LogContext {
  return storage.getStore()?.fields ?? outside.fields
}

export function currentTrace(): TraceContext | undefined {
  return storage.getStore()?.trace
}

/** The W3C traceparent of the current span, to be carried where no header goes (rows, events, workflow arguments). */
export function currentTraceparent(): string | undefined {
  const trace = currentTrace()
  return trace && formatTraceparent(trace)
}
