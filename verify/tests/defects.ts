import type { Code } from '../src/findings.ts'
import type { World } from './world.ts'

/** Something wrong, put into the tables by hand, and the codes under which it has to be found, the first at this blob. */
export interface Defect {
  readonly name: string
  readonly codes: readonly [Code, ...Code[]]
  readonly at: 'document' | 'text' | 'expanded' | 'comparison' | 'stamped'
  plant(world: World): string
}

/** Content of the same tenant that is not `hash`. */
const another = (tenant: string, hash: string) =>
  `(select hash from blob.content where tenant_id = '${tenant}' and hash <> ${hash} order by hash limit 1)`

/** A version on top of the head of a blob with the content of an earlier one, with delta, fate, events and dag's node, as if it were in order. */
const write = (blob: string, from: number, operation: string) => `
  with head as (select * from blob.blob where id = '${blob}'),
  old as (select * from blob.version where blob_id = '${blob}' and version = ${from}),
  written as (
    insert into blob.version select gen_random_uuid(), old.tenant_id, old.blob_id, head.version + 1, old.content_type, old.content_hash, old.size,
      gen_random_uuid(), '${operation}', old.created_by, old.user_id, null, old.metadata, now() from old, head returning *),
  moved as (update blob.blob set version = written.version, version_id = written.version_id, content_hash = written.content_hash,
    size = written.size from written where id = written.blob_id),
  decided as (insert into blob.delta_fate select delta_id, version_id from written),
  applied as (
    insert into delta.delta (id, tenant_id, blob_id, user_id, provider_id, operation, format, content_hash, content_type, from_version, to_version, status, applied_at)
    select delta_id, tenant_id, blob_id, user_id, nullif(created_by, 'user'), operation, 'replace', content_hash, content_type, version - 1, version, 'applied', now() from written),
  told as (
    insert into blob.outbox (id, subject, event, sent_at)
    select gen_random_uuid(), 'studio.blob.updated.' || tenant_id, json_build_object('subject', tenant_id, 'data', json_build_object('facts', json_build_array(
      json_build_object('version_id', version_id, 'blob_id', blob_id, 'version', version, 'content_hash', content_hash, 'delta_id', delta_id, 'operation', operation)))), now() from written),
  told_again as (
    insert into delta.outbox (id, subject, event, sent_at)
    select gen_random_uuid(), 'studio.delta.applied.' || tenant_id, json_build_object('subject', tenant_id, 'data', json_build_object('facts', json_build_array(
      json_build_object('delta_id', delta_id, 'blob_id', blob_id, 'operation', operation, 'to_version', version)))), now() from written)
  update dag.node set version = written.version, content_hash = written.content_hash from written where node.blob_id = written.blob_id`

export const defects: readonly Defect[] = [
  {
    name: 'a flipped byte in content',
    codes: ['content_damaged'],
    at: 'document',
    plant: ({ document }) => `update blob.content set bytes = set_byte(bytes, 2, get_byte(bytes, 2) # 1)
      from blob.blob where blob.id = '${document}' and content.hash = blob.content_hash and content.tenant_id = blob.tenant_id`,
  },
  {
    name: 'a flipped byte in a patch',
    codes: ['content_damaged'],
    at: 'text',
    plant: ({
      text,
    }) => `update blob.content set bytes = set_byte(bytes, length(bytes) - 1, get_byte(bytes, length(bytes) - 1) # 1)
      from blob.version where version.blob_id = '${text}' and content.hash = version.content_hash and content.tenant_id = version.tenant_id and content.encoding = 2`,
  },
  {
    name: 'an event that never was',
    codes: ['event_missing'],
    at: 'document',
    plant: ({ document }) =>
      `delete from blob.outbox where event::text like '%${document}%' and subject like 'studio.blob.created.%'`,
  },
  {
    name: 'an event that was sent under two ids',
    codes: ['event_duplicate'],
    at: 'document',
    plant: ({ document }) => `insert into delta.outbox (id, subject, event, sent_at)
      select gen_random_uuid(), subject, event, now() from delta.outbox where event::text like '%${document}%' limit 1`,
  },
  {
    name: 'an event that waits',
    codes: ['outbox_unsent'],
    at: 'document',
    plant: ({ document }) => `update blob.outbox set sent_at = null where event::text like '%${document}%'`,
  },
  {
    name: 'a second version of one delta',
    codes: ['version_duplicate', 'delta_missing'],
    at: 'document',
    plant: ({ document }) => `with twice as (
        insert into blob.version select gen_random_uuid(), tenant_id, blob_id, version + 1, content_type, content_hash, size, delta_id, operation, created_by,
          user_id, caused_by, metadata, created_at from blob.version where version_id = (select version_id from blob.blob where id = '${document}') returning *)
      update blob.blob set version = twice.version, version_id = twice.version_id from twice where id = twice.blob_id`,
  },
  {
    name: 'an unfenced write: a late attempt on older inputs over the head',
    codes: ['derived_head_wrong', 'derived_unexplained'],
    at: 'comparison',
    plant: ({ comparison }) => write(comparison, 1, 'transform'),
  },
  {
    name: 'an unfenced write of what cannot be made again',
    codes: ['derived_head_wrong', 'derived_unexplained'],
    at: 'stamped',
    plant: ({ stamped }) => write(stamped, 2, 'transform'),
  },
  {
    name: 'a stale derived blob: an edit that started nothing',
    codes: ['derived_stale'],
    at: 'expanded',
    plant: ({ text }) => write(text, 1, 'update'),
  },
  {
    name: 'a wrong memo',
    codes: ['memo_wrong'],
    at: 'stamped',
    plant: ({ stamped, tenant }) => `update dag.memo set content_hash = ${another(tenant, 'memo.content_hash')}
      where run_id = (select id from dag.run where blob_id = '${stamped}' and outcome = 'version' and version = 1)`,
  },
  {
    name: 'a wrong output that all records agree on',
    codes: ['run_output_wrong'],
    at: 'comparison',
    plant: ({ comparison, tenant }) => `
      with wrong as (select ${another(tenant, "''")} as hash),
      runs as (update dag.run set content_hash = wrong.hash from wrong where blob_id = '${comparison}' and version = 1 returning id),
      memos as (update dag.memo set content_hash = wrong.hash from wrong, runs where run_id = runs.id),
      deltas as (update delta.delta set content_hash = wrong.hash from wrong where blob_id = '${comparison}' and to_version = 1)
      update blob.version set content_hash = wrong.hash from wrong where blob_id = '${comparison}' and version = 1`,
  },
  {
    name: 'swapped inputs of a run',
    codes: ['run_inputs_wrong'],
    at: 'comparison',
    plant: ({
      comparison,
    }) => `update dag.run set inputs = replace(replace(replace(inputs::text, '"before"', '"?"'), '"after"', '"before"'), '"?"', '"after"')::json
      where blob_id = '${comparison}' and version = 2`,
  },
  {
    name: 'swapped inputs of a derivation',
    codes: ['derived_stale', 'derived_head_wrong'],
    at: 'comparison',
    plant: ({ comparison }) => `update dag.edge set source_id = other.source_id from dag.edge other
      where edge.target_id = '${comparison}' and other.target_id = edge.target_id and other.input <> edge.input`,
  },
  {
    name: 'a run that names an older version of its input',
    codes: ['run_inputs_wrong'],
    at: 'stamped',
    plant: ({
      stamped,
    }) => `update dag.run set inputs = regexp_replace(inputs::text, '"version" ?: ?2', '"version": 1')::json
      where blob_id = '${stamped}' and version = 2`,
  },
  {
    name: 'a missing delta',
    codes: ['delta_missing'],
    at: 'document',
    plant: ({ document }) => `delete from delta.delta where blob_id = '${document}' and to_version = 3`,
  },
  {
    name: 'a delta that says something else',
    codes: ['delta_hash_wrong', 'version_hash_wrong'],
    at: 'document',
    plant: ({ document }) =>
      `update delta.delta set patch = replace(patch::text, '"b"', '"c"')::json where blob_id = '${document}' and to_version = 3`,
  },
  {
    name: 'a delta that waits',
    codes: ['delta_pending'],
    at: 'document',
    plant: ({ document }) =>
      `update delta.delta set status = 'pending' where blob_id = '${document}' and to_version = 6`,
  },
  {
    name: 'a wrong hash in a version',
    codes: ['version_hash_wrong'],
    at: 'document',
    plant: ({
      document,
      tenant,
    }) => `update blob.version set content_hash = ${another(tenant, 'version.content_hash')}, size = (
        select size from blob.content where tenant_id = '${tenant}' and hash = ${another(tenant, 'version.content_hash')})
      where blob_id = '${document}' and version = 2`,
  },
  {
    name: 'a gap in the versions',
    codes: ['version_missing'],
    at: 'document',
    plant: ({ document }) => `delete from blob.version where blob_id = '${document}' and version = 3`,
  },
  {
    name: 'a head that went back',
    codes: ['head_wrong'],
    at: 'document',
    plant: ({
      document,
    }) => `update blob.blob set version = old.version, version_id = old.version_id, content_hash = old.content_hash, size = old.size
      from blob.version old where old.blob_id = id and id = '${document}' and old.version = 3`,
  },
  {
    name: 'a wrong head in dag',
    codes: ['dag_head_wrong'],
    at: 'expanded',
    plant: ({ expanded, tenant }) =>
      `update dag.node set content_hash = ${another(tenant, 'node.content_hash')} where blob_id = '${expanded}'`,
  },
  {
    name: 'a blob that dag never heard of',
    codes: ['dag_node_missing'],
    at: 'document',
    plant: ({ document }) => `delete from dag.node where blob_id = '${document}'`,
  },
  {
    name: 'a derived blob that outlived its source',
    codes: ['derived_not_deleted'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.edge set valid_to = now() where target_id = '${stamped}'`,
  },
  {
    name: 'versions in the wrong order of epochs',
    codes: ['run_out_of_order'],
    at: 'stamped',
    // Its first and third version have the same content.
    plant: ({ stamped }) => `
      with runs as (update dag.run set version = 4 - version where blob_id = '${stamped}' and version in (1, 3))
      update blob.version set delta_id = other.delta_id from blob.version other
      where version.blob_id = '${stamped}' and other.blob_id = '${stamped}' and version.version in (1, 3) and other.version = 4 - version.version`,
  },
  {
    name: 'a node that runs for ever',
    codes: ['node_unsettled'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.node set state = 'running' where blob_id = '${stamped}'`,
  },
]
