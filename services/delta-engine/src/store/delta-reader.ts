import type { Delta, deltaApi, Json } from '@studio/contracts'
import type { Problem } from '@studio/kernel'
import type { z } from 'zod'
import type { Delta as DeltaRecord, PrismaClient } from '../generated/client.ts'

type ListRequest = z.output<(typeof deltaApi)['listDeltas']['request']>

/** Reads deltas as the contract has them; a foreign tenant's are missing ones. */
export interface DeltaReader {
  read(tenantId: string, deltaId: string): Promise<Delta | null>
  /** Newest first; `before` is the id of the last one seen. */
  list(request: ListRequest): Promise<{ deltas: Delta[]; next: string | null }>
}

export function createDeltaReader(prisma: PrismaClient): DeltaReader {
  /** Versions are dense, so the delta before one is that which made its `from_version`. */
  const withPrevious = async (records: readonly DeltaRecord[]): Promise<Delta[]> => {
    const [first] = records
    if (first === undefined) return []
    const previous = await prisma.delta.findMany({
      where: {
        blob_id: first.blob_id,
        to_version: { in: [...new Set(records.map(({ from_version }) => from_version))] },
      },
      select: { id: true, to_version: true },
    })
    const byVersion = new Map(previous.map(({ id, to_version }) => [to_version, id]))
    return records.map((record) => deltaOf(record, byVersion.get(record.from_version) ?? null))
  }

  return {
    read: async (tenantId, deltaId) => {
      const record = await prisma.delta.findFirst({ where: { id: deltaId, tenant_id: tenantId } })
      return record === null ? null : ((await withPrevious([record]))[0] ?? null)
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
      const deltas = await withPrevious(records.slice(0, limit))
      return { deltas, next: records.length > limit ? (deltas.at(-1)?.id ?? null) : null }
    },
  }
}

function deltaOf(record: DeltaRecord, previous_delta: string | null): Delta {
  const { idempotency_key: _key, request_hash: _hash, ...columns } = record
  return {
    ...columns,
    previous_delta,
    operation: record.operation as Delta['operation'],
    format: record.format as Delta['format'],
    status: record.status as Delta['status'],
    patch: record.patch as Json,
    size: record.size === null ? null : Number(record.size),
    error: record.error as Problem | null,
    created_at: record.created_at.toISOString(),
    applied_at: record.applied_at?.toISOString() ?? null,
  }
}
