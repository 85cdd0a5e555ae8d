import type { Blob, dagApi, DerivationInputs } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import type { Context } from '../context.ts'
import { blobsOf } from '../domain/adopt-inputs.ts'
import { derivationNotFound, ensureDerivation, removeDerivation, updateDerivation } from '../domain/derivations.ts'

export function derivationRoutes(
  context: Context,
): Pick<Handlers<typeof dagApi>, 'ensureDerivation' | 'updateDerivation' | 'removeDerivation' | 'readDerivation'> {
  const { store, bell, blob, registry } = context
  const deps = { store, bell }

  const findBlobs = async (tenant_id: string, inputs: DerivationInputs): Promise<Map<string, Blob>> => {
    const items = blobsOf(inputs).map((blob_id) => ({ tenant_id, blob_id }))
    const { items: found } = items.length > 0 ? await blob.call('readBlobs', { items }) : { items: [] }
    return new Map(found.flatMap((one) => (one ? [[one.id, one]] : [])))
  }

  return {
    ensureDerivation: async (request) => {
      const { tenant_id, provider_id, config, inputs } = request
      const [blobs, resolved] = await Promise.all([
        findBlobs(tenant_id, inputs),
        registry.call('resolveConfig', { tenant_id, provider_id, config }),
      ])
      return ensureDerivation(deps, request, { ...resolved, inputs, blobs })
    },
    updateDerivation: async (request) => {
      const { tenant_id, blob_id, config, inputs } = request
      const before = await store.readDerivation(tenant_id, blob_id)
      if (!before) throw derivationNotFound(blob_id)
      const [blobs, resolved] = await Promise.all([
        findBlobs(tenant_id, inputs ?? {}),
        registry.call('resolveConfig', { tenant_id, provider_id: before.provider_id, config: config ?? before.config }),
      ])
      const wish = { provider: resolved.provider, config: config && resolved.config, inputs, blobs }
      return { derivation: await updateDerivation(deps, request, wish) }
    },
    removeDerivation: async (request) => ({ derivation: await removeDerivation(deps, request) }),
    readDerivation: async ({ tenant_id, blob_id }) => ({ derivation: await store.readDerivation(tenant_id, blob_id) }),
  }
}
