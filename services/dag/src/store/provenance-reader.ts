import type { ClaimInput, ProvenanceNode, RunOutcome } from '@studio/contracts'
import type { Database } from '@studio/database'
import { maximumInputs, maximumVersions, type MadeVersion } from '../domain/provenance.ts'

type Row = Pick<MadeVersion, 'blob_id' | 'version' | 'content_hash' | 'content_type' | 'output_hash'> & {
  run_id: string | null
  provider_id: string
  provider_version: string
  key: string | null
  outcome: RunOutcome
  workflow_id: string
  finished_at: Date
  inputs: ClaimInput[] | null
}

/**
 * A version and all that went into it, as the runs recorded it; the version asked for stands first. Reads one more than an answer may hold, and no
 * inputs where there are too many of them (`inputs` null).
 */
export async function readMadeVersions(
  database: Database,
  tenantId: string,
  blobId: string,
  version: number,
): Promise<MadeVersion[]> {
  const rows = await database.query<Row>(
    'read-made-versions',
    `with recursive made(blob_id, version, content_hash, content_type) as (
       select asked.*, head.content_hash, head.content_type from (values ($2::uuid, $3::int)) as asked(blob_id, version)
         left join head on head.blob_id = asked.blob_id and head.version = asked.version and head.tenant_id = $1
       union
       select (input->>'blob_id')::uuid, (input->>'version')::int, input->>'content_hash', input->>'content_type'
       from made,
         -- The limit keeps the planner from joining all runs in each step.
         lateral (select run.inputs from head join run on run.id = head.run_id
           where head.blob_id = made.blob_id and head.version = made.version and head.tenant_id = $1 limit 1) as run,
         json_array_elements(run.inputs) as input),
     -- A recursion is carried only as far as it is read.
     listed as (select made.*, row_number() over () as place from (select * from made limit $4) as made)
     select listed.blob_id, listed.version, listed.content_hash, listed.content_type, head.output_hash, run.id as run_id, run.provider_id, run.provider_version, run.key,
       run.outcome, run.workflow_id, run.finished_at,
       case when sum(json_array_length(run.inputs)) over () <= $5 then run.inputs end as inputs
     from listed left join head on head.blob_id = listed.blob_id and head.version = listed.version and head.tenant_id = $1
       left join run on run.id = head.run_id
     order by listed.place`,
    [tenantId, blobId, version, maximumVersions + 1, maximumInputs],
  )
  return rows.map(({ blob_id, version, content_hash, content_type, output_hash, inputs, ...row }) => ({
    blob_id,
    version,
    content_hash,
    content_type,
    output_hash,
    run: runOf(row),
    inputs: row.run_id === null ? [] : inputs,
  }))
}

function runOf({ run_id: id, finished_at, ...run }: Omit<Row, keyof MadeVersion>): ProvenanceNode['run'] {
  return id === null ? null : { id, ...run, finished_at: finished_at.toISOString() }
}
