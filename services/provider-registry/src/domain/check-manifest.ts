import type { ProviderManifest } from '@studio/contracts'
import { StudioError, type FieldError } from '@studio/kernel'
import { compilePattern } from './patterns.ts'
import { compileSchema, faultsOf } from './schemas.ts'

/** Queues that the studio's own workers poll: cascades and the common providers run there. */
const ownQueues = new Set(['studio'])

/**
 * Refuses a manifest whose patterns or schemas don't compile, whose default configuration does not fit its own schema, whose inputs a trigger
 * cannot give, or by which a tenant would have workflows of the studio itself started. `tenantId` null: the studio's own provider. Throws `invalid_manifest` with a
 * pointer for each fault.
 */
export function checkManifest(manifest: ProviderManifest, tenantId: string | null): void {
  const errors: FieldError[] = [
    ...(tenantId !== null && ownQueues.has(manifest.task_queue)
      ? [{ pointer: '/task_queue', detail: 'is a queue of the studio itself: name the one that your own worker polls' }]
      : []),
    ...(manifest.trigger_events.length > 0 && !hasSingleInput(manifest)
      ? [{ pointer: '/inputs', detail: 'must be exactly one that is no list, since trigger_events give one blob' }]
      : []),
    ...manifest.trigger_patterns.flatMap((pattern, index) =>
      faultIn(`/trigger_patterns/${index}`, () => compilePattern(pattern)),
    ),
    ...schemaFaults('/input_schema', manifest.input_schema),
    ...schemaFaults('/output_schema', manifest.output_schema),
    ...schemaFaults('/config_schema', manifest.config_schema),
  ]
  if (errors.length === 0) {
    const validate = compileSchema(manifest.config_schema)
    if (!validate(structuredClone(manifest.default_config))) {
      errors.push(...faultsOf(validate.errors, '/default_config'))
    }
  }
  if (errors.length > 0) {
    const [first] = errors
    throw new StudioError('invalid_manifest', `Correct ${first?.pointer}: ${first?.detail}`, { extensions: { errors } })
  }
}

function hasSingleInput({ inputs }: ProviderManifest): boolean {
  const slots = Object.values(inputs)
  return slots.length === 1 && slots.every(({ list }) => !list)
}

function schemaFaults(pointer: string, schema: Record<string, unknown> | null): FieldError[] {
  return schema === null ? [] : faultIn(pointer, () => compileSchema(schema))
}

function faultIn(pointer: string, check: () => unknown): FieldError[] {
  try {
    check()
    return []
  } catch (error) {
    return [{ pointer, detail: error instanceof Error ? error.message : String(error) }]
  }
}
