import { RE2JS } from 're2js'

/** A regular expression that runs in linear time (RE2 syntax). */
export interface Pattern {
  test(text: string): boolean
  /** The source of the pattern. */
  toString(): string
}

/** Compiles a pattern; throws an Error that says what is wrong, in particular where it uses what linear time forbids. */
export function compilePattern(source: string): Pattern {
  try {
    const compiled = RE2JS.compile(source)
    // ajv keys compiled patterns by their text: without toString all of them would be one.
    return { test: (text) => compiled.matcher(text).find(), toString: () => source }
  } catch (error) {
    throw new Error(explain(source, error), { cause: error })
  }
}

function explain(source: string, error: unknown): string {
  if (/\(\?(<?[=!])/.test(source)) return 'look-around is not supported: patterns run in linear time (RE2 syntax)'
  if (/\\([1-9]|k<)/.test(source)) return 'back-references are not supported: patterns run in linear time (RE2 syntax)'
  return error instanceof Error ? error.message : String(error)
}

/** The engine that ajv compiles `pattern` and `patternProperties` with (its option `code.regExp`), so that no schema runs V8's backtracking. */
export const schemaPatternEngine = Object.assign((source: string) => compilePattern(source), { code: 'compilePattern' })
