import type { Derivation, DerivationInputs } from '@studio/contracts'
import type { Database } from '@studio/database'

/** How a blob is derived; null for sources and for what the tenant does not have. */
export async function readDerivation(database: Database, tenantId: string, blobId: string): Promise<Derivation | null> {
  const [row] = await database.query<Derivation & { inputs: DerivationInputs | null }>(
    'read-derivation',
    `select blob_id, tenant_id, provider_id, provider_version, config, label, state, version, error,
       (select json_object_agg(input, source_ids) from (
          select input, json_agg(source_id order by ordinal) as source_ids from edge where target_id = $2 and valid_to is null group by input
        ) as named) as inputs
     from node where tenant_id = $1 and blob_id = $2 and provider_id is not null`,
    [tenantId, blobId],
  )
  return row ? { ...row, inputs: row.inputs ?? {} } : null
}
