import { StudioError, type FieldError } from '@studio/kernel'
import type { z } from 'zod'

/** The value as the schema says, or `invalid_request` with a JSON Pointer (RFC 6901) to each wrong place. */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: missing })
  if (parsed.success) return parsed.data
  throw invalidRequest(parsed.error)
}

/** What zod would call "expected string, received undefined". */
const missing: z.core.$ZodErrorMap = ({ code, input }) =>
  code === 'invalid_type' && input === undefined ? 'is missing' : undefined

const mostFaults = 20

export function invalidRequest(error: z.ZodError): StudioError {
  const errors = error.issues.slice(0, mostFaults).flatMap(faultsOf)
  const [first] = errors
  return new StudioError('invalid_request', first ? `${first.pointer || 'The body'}: ${first.detail}` : undefined, {
    extensions: { errors },
  })
}

/** Looks at the shape, never at the class: another copy of zod may have thrown it. */
export function isZodError(error: unknown): error is z.ZodError {
  if (typeof error !== 'object' || error === null) return false
  const { name, issues } = error as { name?: unknown; issues?: unknown }
  return typeof name === 'string' && name.includes('ZodError') && Array.isArray(issues)
}

function faultsOf(issue: z.core.$ZodIssue): FieldError[] {
  const base = pointerOf(issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ pointer: `${base}${pointerOf([key])}`, detail: 'is not known here' }))
  return [{ pointer: base, detail: issue.message }]
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
