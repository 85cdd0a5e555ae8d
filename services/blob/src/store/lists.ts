import type {
  blobApi,
  Blob,
  ConflictPolicy,
  Metadata,
  Operation,
  OverlayState,
  Publication,
  TriggerPolicy,
  Version,
} from '@studio/contracts'
import type { z } from 'zod'
import type {
  Blob as BlobRecord,
  Overlay as OverlayRecord,
  PrismaClient,
  Version as VersionRecord,
} from '../generated/client.ts'

type Request<Name extends keyof typeof blobApi> = z.output<(typeof blobApi)[Name]['request']>

/** A tenant's live blobs, newest first; `after` is the id of the last one seen. */
export async function listBlobs(
  prisma: PrismaClient,
  request: Request<'listBlobs'>,
): Promise<{ blobs: Blob[]; next: string | null }> {
  const { tenant_id, user_id, root_id, created_by, limit, after } = request
  const mine = { tenantId: tenant_id, userId: user_id, rootId: root_id, createdBy: created_by }
  const last =
    after === undefined
      ? null
      : await prisma.blob.findFirst({ where: { id: after, tenantId: tenant_id }, select: { id: true } })
  if (after !== undefined && last === null) return { blobs: [], next: null }
  const records = await prisma.blob.findMany({
    where: { ...mine, deletedAt: null },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take: limit + 1,
    ...(last && { cursor: last, skip: 1 }),
  })
  const blobs = records.slice(0, limit).map(blobOf)
  return { blobs, next: records.length > limit ? (blobs.at(-1)?.id ?? null) : null }
}

/** History of a blob, newest first; `before` is the last version number seen. */
export async function listVersions(
  prisma: PrismaClient,
  request: Request<'listVersions'>,
): Promise<{ versions: Version[]; next: number | null }> {
  const { tenant_id, blob_id, limit, before } = request
  const records = await prisma.version.findMany({
    where: { tenantId: tenant_id, blobId: blob_id, version: { lt: before } },
    orderBy: { version: 'desc' },
    take: limit + 1,
    include: { overlay: true },
  })
  const versions = records.slice(0, limit).map(versionOf)
  return { versions, next: records.length > limit ? (versions.at(-1)?.version ?? null) : null }
}

function blobOf(record: BlobRecord): Blob {
  return {
    id: record.id,
    tenant_id: record.tenantId,
    user_id: record.userId,
    content_type: record.contentType,
    content_hash: record.contentHash,
    size: record.size,
    version: record.version,
    version_id: record.versionId,
    parent_id: record.parentId,
    root_id: record.rootId,
    depth: record.depth,
    created_by: record.createdBy,
    providers: record.providers as TriggerPolicy,
    conflict_policy: record.conflictPolicy as ConflictPolicy,
    overlay: record.overlay as OverlayState | null,
    publication: record.publication as Publication,
    metadata: record.metadata as Metadata,
    created_at: record.createdAt.toISOString(),
    updated_at: record.updatedAt.toISOString(),
    deleted_at: record.deletedAt?.toISOString() ?? null,
  }
}

function versionOf({ overlay, ...record }: VersionRecord & { overlay: OverlayRecord | null }): Version {
  return {
    version_id: record.versionId,
    blob_id: record.blobId,
    version: record.version,
    content_type: record.contentType,
    content_hash: record.contentHash,
    size: record.size,
    delta_id: record.deltaId,
    operation: record.operation as Operation,
    created_by: record.createdBy,
    user_id: record.userId,
    overlay: overlay && (overlay.conflicted ? 'conflicted' : 'edited'),
    generated_hash: overlay?.generatedHash ?? null,
    metadata: record.metadata as Metadata,
    created_at: record.createdAt.toISOString(),
    ...(record.purged && { purged: true }),
  }
}
