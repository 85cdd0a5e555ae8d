import type { BlobReference, Delta, deltaApi } from '@studio/contracts'
import type { Database } from '@studio/database'
import type { Problem } from '@studio/kernel'
import type { z } from 'zod'
import type { Delta as DeltaRecord, PrismaClient } from '../generated/client.ts'
import { readPatches, type Patches } from './sql/read-patches.ts'

type ListRequest = z.output<(typeof deltaApi)['listDeltas']['request']>
type ChainRequest = z.output<(typeof deltaApi)['readChain']['request']>

/** A page ends where its patches take more than this, since JSON holds the event loop while it is read and written. */
const pageBytes = 256 * 1024

/** Reads deltas as the contract has them; a foreign tenant's are missing ones. Pages may be shorter than their limit. */
export interface DeltaReader {
  read(tenantId: string, deltaId: string): Promise<Delta | null>
  /** Newest first; `before` is the id of the last one seen. */
  list(request: ListRequest): Promise<{ deltas: Delta[]; next: string | null }>
  /** The applied delta that made a blob's newest version. */
  latest(blob: BlobReference): Promise<Delta | null>
  /** The applied deltas that lead from version `from` to version `to`, oldest first; `next` is the version to go on from. */
  chain(request: ChainRequest): Promise<{ deltas: Delta[]; next: number | null }>
}

export function createDeltaReader(database: Database, prisma: PrismaClient): DeltaReader {
  /** The first of these records as deltas: as many as make a page. */
  const deltasOf = async (records: readonly Summary[]): Promise<Delta[]> => {
    const ids = records.map(({ id }) => id)
    const [makerOf, patches] = await Promise.all([
      makersAround(records),
      ids.length === 0 ? [] : readPatches(database, ids, pageBytes),
    ])
    return patches.map((patch, at) => deltaOf(records[at] as Summary, patch, makerOf))
  }

  /**
   * Which delta made a version. Versions are dense, so the delta before one is that which made its `from_version`, and the one after it that
   * which made the version after its own.
   */
  const makersAround = async (records: readonly Summary[]): Promise<MakerOf> => {
    const versions = new Set(records.flatMap((record) => [record.from_version, versionAfter(record)]))
    const makers = await prisma.delta.findMany({
      where: {
        blob_id: { in: records.slice(0, 1).map(({ blob_id }) => blob_id) },
        to_version: { in: [...versions].filter((version) => version !== null) },
      },
      select: { id: true, to_version: true },
    })
    const byVersion = new Map(makers.map(({ id, to_version }) => [to_version, id]))
    return (version) => (version && byVersion.get(version)) || null
  }

  const omit = { patch: true, original: true } as const
  const only = async (record: Summary | null): Promise<Delta | null> =>
    record === null ? null : ((await deltasOf([record]))[0] ?? null)

  return {
    read: async (tenantId, deltaId) =>
      only(await prisma.delta.findFirst({ where: { id: deltaId, tenant_id: tenantId }, omit })),
    list: async ({ tenant_id, blob_id, limit, before, status }) => {
      const mine = { tenant_id, blob_id }
      const last =
        before === undefined
          ? null
          : await prisma.delta.findFirst({ where: { ...mine, id: before }, select: { id: true } })
      if (before !== undefined && last === null) return { deltas: [], next: null }
      const records = await prisma.delta.findMany({
        where: { ...mine, ...(status && { status }) },
        orderBy: [{ created_at: 'desc' }, { id: 'desc' }],
        take: limit + 1,
        omit,
        ...(last && { cursor: last, skip: 1 }),
      })
      const deltas = await deltasOf(records.slice(0, limit))
      return { deltas, next: records.length > deltas.length ? (deltas.at(-1)?.id ?? null) : null }
    },
    latest: async ({ tenant_id, blob_id }) =>
      only(
        await prisma.delta.findFirst({
          where: { tenant_id, blob_id, to_version: { not: null } },
          orderBy: { to_version: 'desc' },
          omit,
        }),
      ),
    chain: async ({ tenant_id, blob_id, from, to, limit }) => {
      const records = await prisma.delta.findMany({
        where: { tenant_id, blob_id, to_version: { gt: from, lte: to } },
        orderBy: { to_version: 'asc' },
        take: limit + 1,
        omit,
      })
      const deltas = await deltasOf(records.slice(0, limit))
      return { deltas, next: records.length > deltas.length ? (deltas.at(-1)?.to_version ?? null) : null }
    },
  }
}

type Summary = Omit<DeltaRecord, 'patch' | 'original'>
type MakerOf = (version: number | null) => string | null

/** The version that the delta after this one makes; null where this one made none. */
function versionAfter({ to_version }: Summary): number | null {
  return to_version === null ? null : to_version + 1
}

function deltaOf(record: Summary, { patch, original }: Patches, makerOf: MakerOf): Delta {
  const { idempotency_key: _key, request_hash: _hash, purged, ...columns } = record
  return {
    ...columns,
    patch,
    original,
    previous_delta: makerOf(record.from_version),
    next_delta: makerOf(versionAfter(record)),
    operation: record.operation as Delta['operation'],
    format: record.format as Delta['format'],
    status: record.status as Delta['status'],
    size: record.size === null ? null : Number(record.size),
    error: record.error as Problem | null,
    created_at: record.created_at.toISOString(),
    applied_at: record.applied_at?.toISOString() ?? null,
    ...(purged && { purged: true }),
  }
}
