import type { ErrorCode } from '@studio/kernel'

/** One document, one patch, and what must come of them. Documents and patches are JSON texts, as they come over the wire. */
export interface ConformanceCase {
  /** Where the case comes from: a file of the public suite, a section of an RFC, or `hostile`. */
  readonly source: string
  readonly name: string
  readonly format: 'json-patch' | 'merge-patch'
  readonly document: string
  readonly patch: string
  readonly expected: Expected
}

/** The JSON text of the new document, or the code of the refusal. */
export type Expected = { readonly result: string } | { readonly code: ErrorCode }

/** A case in a line: name, document, patch, and the result; a refusal is written `!code`. */
export type CaseRow = readonly [name: string, document: string, patch: string, expected: string]

export function casesOf(
  source: string,
  format: ConformanceCase['format'],
  rows: readonly CaseRow[],
): ConformanceCase[] {
  return rows.map(([name, document, patch, expected]) => ({
    source,
    name,
    format,
    document,
    patch,
    expected: expected.startsWith('!') ? { code: expected.slice(1) as ErrorCode } : { result: expected },
  }))
}
