import type { BlobReference, Delta, deltaApi, Json } from '@studio/contracts'
import type { Problem } from '@studio/kernel'
import type { z } from 'zod'
import type { Delta as DeltaRecord, PrismaClient } from '../generated/client.ts'

type ListRequest = z.output<(typeof deltaApi)['listDeltas']['request']>
type ChainRequest = z.output<(typeof deltaApi)['readChain']['request']>

/** Reads deltas as the contract has them; a foreign tenant's are missing ones. */
export interface DeltaReader {
  read(tenantId: string, deltaId: string): Promise<Delta | null>
  /** Newest first; `before` is the id of the last one seen. */
  list(request: ListRequest): Promise<{ deltas: Delta[]; next: string | null }>
  /** The applied delta that made a blob's newest version. */
  latest(blob: BlobReference): Promise<Delta | null>
  /** The applied deltas that lead from version `from` to version `to`, oldest first; `next` is the version to go on from. */
  chain(request: ChainRequest): Promise<{ deltas: Delta[]; next: number | null }>
}

export function createDeltaReader(prisma: PrismaClient): DeltaReader {
  /**
   * Versions are dense, so the delta before one is that which made its `from_version`, and the one after it that which made the version after
   * its own.
   */
  const withNeighbours = async (records: readonly DeltaRecord[]): Promise<Delta[]> => {
    const [first] = records
    if (first === undefined) return []
    const versions = new Set(records.flatMap((record) => [record.from_version, versionAfter(record)]))
    const neighbours = await prisma.delta.findMany({
      where: { blob_id: first.blob_id, to_version: { in: [...versions].filter((version) => version !== null) } },
      select: { id: true, to_version: true },
    })
    const byVersion = new Map(neighbours.map(({ id, to_version }) => [to_version, id]))
    const maker = (version: number | null): string | null => (version && byVersion.get(version)) || null
    return records.map((record) => deltaOf(record, maker(record.from_version), maker(versionAfter(record))))
  }

  return {
    read: async (tenantId, deltaId) => {
      const record = await prisma.delta.findFirst({ where: { id: deltaId, tenant_id: tenantId } })
      return record === null ? null : ((await withNeighbours([record]))[0] ?? null)
    },
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
        ...(last && { cursor: last, skip: 1 }),
      })
      const deltas = await withNeighbours(records.slice(0, limit))
      return { deltas, next: records.length > limit ? (deltas.at(-1)?.id ?? null) : null }
    },
    latest: async ({ tenant_id, blob_id }) => {
      const record = await prisma.delta.findFirst({
        where: { tenant_id, blob_id, to_version: { not: null } },
        orderBy: { to_version: 'desc' },
      })
      return record === null ? null : ((await withNeighbours([record]))[0] ?? null)
    },
    chain: async ({ tenant_id, blob_id, from, to, limit }) => {
      const records = await prisma.delta.findMany({
        where: { tenant_id, blob_id, to_version: { gt: from, lte: to } },
        orderBy: { to_version: 'asc' },
        take: limit + 1,
      })
      const deltas = await withNeighbours(records.slice(0, limit))
      return { deltas, next: records.length > limit ? (deltas.at(-1)?.to_version ?? null) : null }
    },
  }
}

/** The version that the delta after this one makes; null where this one made none. */
function versionAfter({ to_version }: DeltaRecord): number | null {
  return to_version === null ? null : to_version + 1
}

function deltaOf(record: DeltaRecord, previous_delta: string | null, next_delta: string | null): Delta {
  const { idempotency_key: _key, request_hash: _hash, ...columns } = record
  return {
    ...columns,
    previous_delta,
    next_delta,
    operation: record.operation as Delta['operation'],
    format: record.format as Delta['format'],
    status: record.status as Delta['status'],
    patch: record.patch as Json,
    original: record.original as Delta['original'],
    size: record.size === null ? null : Number(record.size),
    error: record.error as Problem | null,
    created_at: record.created_at.toISOString(),
    applied_at: record.applied_at?.toISOString() ?? null,
  }
}
