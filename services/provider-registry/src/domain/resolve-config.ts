import type { Provider } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { LRUCache } from 'lru-cache'
import { compileSchema, faultsOf } from './schemas.ts'

const validators = new LRUCache<string, ValidateFunction>({ max: 200 })

/** A configuration over the provider's defaults, checked by its schema. Throws `invalid_configuration` with a pointer for each fault. */
export function resolveConfig(provider: Provider, config: Provider['default_config']): Provider['default_config'] {
  let validate = validators.get(provider.digest)
  if (validate === undefined) validators.set(provider.digest, (validate = compileSchema(provider.config_schema)))
  const resolved = structuredClone({ ...provider.default_config, ...config })
  if (!validate(resolved)) {
    const errors = faultsOf(validate.errors, '/configuration')
    const [first] = errors
    throw new StudioError('invalid_configuration', `Correct ${first?.pointer}: ${first?.detail}`, {
      extensions: { errors },
    })
  }
  return resolved
}
