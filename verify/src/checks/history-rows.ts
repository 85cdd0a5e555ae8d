import type { Tenant } from '../tenant.ts'

/** A version beside the applied delta that says it made it; one of both may be missing. */
export interface HistoryRow {
  blob_id: string
  version: VersionRow | null
  delta: DeltaRow | null
}

export interface VersionRow {
  number: number
  id: string
  delta_id: string
  hash: string
  content_type: string
  size: number
  operation: string
  user_id: string
  created_by: string
  /** Versions that its delta made. */
  of_delta: number
  /** What blob decided about its delta: the version that it made. */
  fate: string | null
  purged: boolean
  /** Raw bytes of its content; null where that is not kept. */
  kept_size: number | null
}

export interface DeltaRow {
  id: string
  from_version: number
  to_version: number
  operation: string
  format: string
  patch: unknown
  hash: string | null
  content_type: string | null
  user_id: string
  provider_id: string | null
  purged: boolean
}

// With their patches, of some MiB at most.
const page = 20

/** All versions and applied deltas of a tenant, by blob, in the order of versions. */
export function readHistory({ id, snapshot }: Tenant): AsyncGenerator<HistoryRow, void> {
  // Sorted first, so that no patch goes through the sort.
  return snapshot.stream<HistoryRow>(
    `select blob_id,
       case when (v).version_id is not null then json_build_object('number', (v).version, 'id', (v).version_id, 'delta_id', (v).delta_id,
         'hash', (v).content_hash, 'content_type', (v).content_type, 'size', (v).size, 'operation', (v).operation, 'user_id', (v).user_id,
         'created_by', (v).created_by, 'purged', (v).purged, 'of_delta', of_delta, 'fate', fate, 'kept_size', kept_size) end as version,
       case when (d).id is not null then json_build_object('id', (d).id, 'from_version', (d).from_version, 'to_version', (d).to_version,
         'operation', (d).operation, 'format', (d).format, 'patch', (d).patch, 'hash', (d).content_hash, 'content_type', (d).content_type,
         'user_id', (d).user_id, 'provider_id', (d).provider_id, 'purged', (d).purged) end as delta
     from (
       select coalesce(v.blob_id, d.blob_id) as blob_id, v, d, fate.version_id as fate, content.size as kept_size,
         count(v.version_id) over (partition by v.delta_id)::int as of_delta
       from (select * from blob.version where tenant_id = $1) v
       full join (select * from delta.delta where tenant_id = $1 and status = 'applied') d on d.blob_id = v.blob_id and d.to_version = v.version
       left join blob.delta_fate fate on fate.delta_id = v.delta_id
       left join blob.content on content.tenant_id = v.tenant_id and content.hash = v.content_hash
       order by 1, coalesce(v.version, d.to_version), v.version_id, d.created_at
       offset 0
     ) as sorted`,
    [id],
    page,
  )
}
