import { everyTenant, type Provider, type ProviderManifest } from '@studio/contracts'
import { prismaAdapter, type Database } from '@studio/database'
import { StudioError } from '@studio/kernel'
import { LRUCache } from 'lru-cache'
import type { Registration, RegistrationState } from '../domain/decide-registration.ts'
import { PrismaClient } from '../generated/client.ts'
import { countCatalogueRead } from '../telemetry.ts'
import { outboxRow } from './outbox-row.ts'
import { findProviders } from './sql/find-providers.ts'

// How long another replica may go on with what this one changed.
const freshMs = 1000
const cachedTenants = 1000
// One registration at a time, over all replicas: the check for trigger cycles looks at all providers of a scope.
const registrationLock = 0x7265_6769

export interface Catalogue {
  /** Providers that a tenant sees, by id; from memory where they were read within the last second. */
  visible(tenantId: string): Promise<ReadonlyMap<string, Provider>>
  /** A certain version of a provider that a tenant sees; null where there is none. */
  version(tenantId: string, providerId: string, version: string): Promise<Provider | null>
  /** Applies what `decide` answers for the state it is given, with the outbox row, in one transaction. `tenantId` null: for every tenant. */
  register(
    tenantId: string | null,
    manifest: ProviderManifest,
    digest: string,
    decide: (state: RegistrationState) => Registration,
  ): Promise<Registration>
  /** What a tenant decides about a provider that it sees; other tenants don't notice. */
  setStatus(tenantId: string, provider: Provider, status: Provider['status']): Promise<void>
  close(): Promise<void>
}

export function openCatalogue(database: Database, committed: () => void): Catalogue {
  const prisma = new PrismaClient({ adapter: prismaAdapter(database) })
  const cache = new LRUCache<string, Promise<ReadonlyMap<string, Provider>>>({ max: cachedTenants, ttl: freshMs })

  const forget = (owner: string): void => {
    if (owner === everyTenant) cache.clear()
    else cache.delete(owner)
  }

  const visible: Catalogue['visible'] = (tenantId) => {
    const cached = cache.get(tenantId)
    countCatalogueRead(cached !== undefined)
    if (cached !== undefined) return cached
    const read = findProviders(database, tenantId)
    cache.set(tenantId, read)
    read.catch(() => cache.delete(tenantId))
    return read
  }

  return {
    visible,
    version: async (tenantId, providerId, version) => {
      const current = (await visible(tenantId)).get(providerId)
      if (current === undefined || current.version === version) return current ?? null
      const owner = current.tenant_id ?? everyTenant
      const row = await prisma.providerVersion.findUnique({
        where: { tenantId_providerId_version: { tenantId: owner, providerId, version } },
      })
      return row && { ...current, ...(row.manifest as ProviderManifest), digest: row.digest }
    },
    register: async (tenantId, manifest, digest, decide) => {
      const owner = tenantId ?? everyTenant
      const registration = await prisma.$transaction(async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(${registrationLock})`
        const version = { tenantId: owner, providerId: manifest.id, version: manifest.version }
        const registered = await tx.providerVersion.findUnique({ where: { tenantId_providerId_version: version } })
        const inScope = await tx.provider.findMany({ where: { tenantId: { in: [owner, everyTenant] } } })
        const current = await tx.providerVersion.findMany({
          where: {
            OR: inScope.map((row) => ({ tenantId: row.tenantId, providerId: row.id, version: row.currentVersion })),
          },
        })
        const decided = decide({
          registeredDigest: registered?.digest ?? null,
          currentVersion:
            inScope.find((row) => row.tenantId === owner && row.id === manifest.id)?.currentVersion ?? null,
          current: current.map((row) => row.manifest as ProviderManifest),
          takenByCommon:
            owner !== everyTenant && inScope.some((row) => row.tenantId === everyTenant && row.id === manifest.id),
        })
        if (!decided.isNew && !decided.becomesCurrent) return decided
        await tx.provider.upsert({
          where: { tenantId_id: { tenantId: owner, id: manifest.id } },
          create: { tenantId: owner, id: manifest.id, currentVersion: manifest.version },
          update: decided.becomesCurrent ? { currentVersion: manifest.version, updatedAt: new Date() } : {},
        })
        if (decided.isNew) await tx.providerVersion.create({ data: { ...version, digest, manifest } })
        const fact = { provider_id: manifest.id, version: manifest.version, status: 'active' as const }
        const type = decided.isNew ? 'studio.provider.registered' : 'studio.provider.updated'
        await tx.outbox.create({ data: outboxRow(type, owner, fact) })
        return decided
      })
      forget(owner)
      committed()
      return registration
    },
    setStatus: async (tenantId, provider, status) => {
      const fact = { provider_id: provider.id, version: provider.version, status }
      await prisma.$transaction([
        prisma.providerStatus.upsert({
          where: { tenantId_providerId: { tenantId, providerId: provider.id } },
          create: { tenantId, providerId: provider.id, status },
          update: { status, updatedAt: new Date() },
        }),
        prisma.outbox.create({ data: outboxRow('studio.provider.updated', tenantId, fact) }),
      ])
      forget(tenantId)
      committed()
    },
    close: () => prisma.$disconnect(),
  }
}

/** The provider, or `provider_not_found`. */
export function providerIn(providers: ReadonlyMap<string, Provider>, providerId: string): Provider {
  const provider = providers.get(providerId)
  if (provider === undefined) throw new StudioError('provider_not_found', 'Look for it in the list of providers.')
  return provider
}
