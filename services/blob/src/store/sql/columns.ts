import type { Blob, Operation, Version } from '@studio/contracts'

// Rows as pg returns them: times as Date, json parsed.

/** A row of `blob`, named as the columns are. */
export type BlobRow = Omit<Blob, 'created_at' | 'updated_at' | 'deleted_at' | 'purged_at'> & {
  created_at: Date
  updated_at: Date
  deleted_at: Date | null
  /** Not asked for where it has just been written: what is purged takes no versions. */
  purged_at?: Date | null
}

/** The columns of a Blob. */
export const blobColumns = `id, tenant_id, user_id, content_type, content_hash, size, version, version_id, parent_id, root_id, depth, created_by, providers,
  conflict_policy, overlay, publication, metadata, created_at, updated_at, deleted_at, purged_at`

/** A Blob from its row; columns beyond the contract's are left behind. */
export function toBlob(row: BlobRow): Blob {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    user_id: row.user_id,
    content_type: row.content_type,
    content_hash: row.content_hash,
    size: row.size,
    version: row.version,
    version_id: row.version_id,
    parent_id: row.parent_id,
    root_id: row.root_id,
    depth: row.depth,
    created_by: row.created_by,
    providers: row.providers,
    conflict_policy: row.conflict_policy,
    overlay: row.overlay,
    publication: row.publication,
    metadata: row.metadata,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    deleted_at: row.deleted_at?.toISOString() ?? null,
    ...(row.purged_at && { purged_at: row.purged_at.toISOString() }),
  }
}

/** A row of `version`, named as the columns are. */
export type VersionRow = Omit<Version, 'created_at' | 'operation' | 'purged'> & {
  operation: Operation
  created_at: Date
  purged: boolean
}

/** The columns of a Version. */
export const versionColumns = `version_id, blob_id, version, content_type, content_hash, size, delta_id, operation, created_by, user_id, metadata, created_at, purged,
  (select case when conflicted then 'conflicted' else 'edited' end from overlay where overlay.blob_id = version.blob_id and overlay.version = version.version) as overlay,
  (select overlay.generated_hash from overlay where overlay.blob_id = version.blob_id and overlay.version = version.version) as generated_hash`

/** A Version from its row; columns beyond the contract's are left behind. */
export function toVersion(row: VersionRow): Version {
  return {
    version_id: row.version_id,
    blob_id: row.blob_id,
    version: row.version,
    content_type: row.content_type,
    content_hash: row.content_hash,
    size: row.size,
    delta_id: row.delta_id,
    operation: row.operation,
    created_by: row.created_by,
    user_id: row.user_id,
    overlay: row.overlay,
    generated_hash: row.generated_hash,
    metadata: row.metadata,
    created_at: row.created_at.toISOString(),
    ...(row.purged && { purged: true }),
  }
}
