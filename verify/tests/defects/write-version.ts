/** A version on top of the head of a blob with the content of an earlier one, with delta, fate, events and dag's node, as if it were in order. */
export const writeVersion = (blob: string, from: number, operation: string) => `
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
