import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { schemaPatternEngine } from './patterns.ts'

const maximumSchemaCharacters = 64 * 1024

/**
 * Compiles a JSON Schema (draft 2020-12); its validator also fills in defaults. Throws an Error that says what is wrong with the schema.
 * Each has its own ajv, so that one manifest's `$id`s can't meet another's.
 */
export function compileSchema(schema: Record<string, unknown>): ValidateFunction {
  if (JSON.stringify(schema).length > maximumSchemaCharacters) throw new Error('the schema is larger than 64 KiB')
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    useDefaults: true,
    validateFormats: false,
    addUsedSchema: false,
    code: { regExp: schemaPatternEngine },
  })
  return ajv.compile(schema)
}

/** The first few faults that a validator found, each as pointer and detail under `prefix`. */
export function faultsOf(
  errors: readonly ErrorObject[] | null | undefined,
  prefix: string,
): { pointer: string; detail: string }[] {
  return (errors ?? []).slice(0, 20).map((error) => ({
    pointer: `${prefix}${error.instancePath}`,
    detail: error.message ?? error.keyword,
  }))
}
