import { everyTenant, type registryApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import { canonicalJson, sha256 } from '@studio/kernel'
import type { Context } from '../context.ts'
import { checkManifest } from '../domain/check-manifest.ts'
import { decideRegistration } from '../domain/decide-registration.ts'
import { resolveConfig } from '../domain/resolve-config.ts'
import { providerIn } from '../store/catalogue.ts'
import { providerRegistered, providerStatusSet } from '../telemetry.ts'

type Routes = Handlers<typeof registryApi>

export function registerRoute({ catalogue, log }: Context): Routes['register'] {
  return async ({ tenant_id, manifest }) => {
    checkManifest(manifest, tenant_id)
    const digest = sha256(canonicalJson(manifest))
    const { isNew } = await catalogue.register(tenant_id, manifest, digest, (state) =>
      decideRegistration(manifest, digest, state),
    )
    const provider = providerIn(await catalogue.visible(tenant_id ?? everyTenant), manifest.id)
    if (isNew) providerRegistered(log, provider, manifest.version)
    return { provider }
  }
}

export function listRoute({ catalogue }: Context): Routes['list'] {
  return async ({ tenant_id }) => ({ providers: [...(await catalogue.visible(tenant_id)).values()] })
}

export function readRoute({ catalogue }: Context): Routes['read'] {
  return async ({ items }) => ({
    items: await Promise.all(
      items.map(async ({ tenant_id, provider_id, version }) =>
        version === undefined
          ? ((await catalogue.visible(tenant_id)).get(provider_id) ?? null)
          : catalogue.version(tenant_id, provider_id, version),
      ),
    ),
  })
}

export function setStatusRoute({ catalogue, log }: Context): Routes['setStatus'] {
  return async ({ tenant_id, provider_id, status }) => {
    await catalogue.setStatus(tenant_id, providerIn(await catalogue.visible(tenant_id), provider_id), status)
    const provider = providerIn(await catalogue.visible(tenant_id), provider_id)
    providerStatusSet(log, provider, tenant_id)
    return { provider }
  }
}

export function resolveConfigRoute({ catalogue }: Context): Routes['resolveConfig'] {
  return async ({ tenant_id, provider_id, config }) => {
    const provider = providerIn(await catalogue.visible(tenant_id), provider_id)
    return { provider, config: resolveConfig(provider, config) }
  }
}
