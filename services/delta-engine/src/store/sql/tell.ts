/**
 * CTEs that put one event a tenant and status into the outbox, made of the rows of the CTE `changed` (id, tenant_id, blob_id, operation,
 * status, to_version, provider_id, error_code), so that exactly what a statement changed is told.
 */
export const tellChanged = `
events as (
  select gen_random_uuid() as id, 'studio.delta.' || status as type, tenant_id,
    json_agg(json_build_object('delta_id', id, 'blob_id', blob_id, 'operation', operation, 'status', status,
      'to_version', to_version, 'provider_id', provider_id, 'error_code', error_code)) as facts
  from changed group by tenant_id, status
),
told as (
  insert into outbox (id, subject, event)
  select id, type || '.' || tenant_id, json_build_object('specversion', '1.0', 'id', id, 'source', 'studio/delta-engine', 'type', type, 'subject', tenant_id,
    'time', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'datacontenttype', 'application/json',
    'data', json_build_object('facts', facts))
  from events
)`
