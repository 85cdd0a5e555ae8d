import { pseudonymOf, purgedType, withoutDetail } from '@studio/database'

interface Place {
  readonly name: string
  /**
   * Forgets what the purge $2 of the tenant $1 has taken and not erased yet; $3 are the blobs at whose rows it may be found. It is done once for each version
   * that is taken: a pseudonym must not be made of a pseudonym.
   */
  readonly text: string
}

const pseudonym = (hash: string): string => pseudonymOf(hash, `(select secret from purge where id = $2)`)

/** Whether a version is one of those to be erased now. What an earlier purge took of a blob that now goes whole stays as that one left it. */
const isTaken = (blob: string, version: string): string => {
  const row = (at: string): string =>
    `(select purged.purge_id = $2 and not purged.erased from purged where purged.blob_id = ${blob} and purged.version = ${at})`
  return `coalesce(${row(version)}, ${row('0')}, false)`
}

const inputs = (run: string): string =>
  `json_to_recordset(${run}.inputs) as input(name text, blob_id uuid, version int, content_hash text, content_type text)`

const readTaken = `exists (select from ${inputs('run')} where ${isTaken('input.blob_id', 'input.version')})`

/** Runs that read what is taken, or made it. */
const touched = `
  touched as (
    select run.id, ${isTaken('run.blob_id', 'run.version')} as made, ${readTaken} as read from run
    where run.tenant_id = $1 and run.blob_id = any($3::uuid[]) and (${isTaken('run.blob_id', 'run.version')} or ${readTaken}))`

/** Each table of this schema that has something of a version's content: a hash will do. What looks at runs comes before their own rows. */
export const places: readonly Place[] = [
  {
    name: 'purge-memos',
    text: `with ${touched} delete from memo using touched where memo.tenant_id = $1 and memo.run_id = touched.id`,
  },
  {
    name: 'purge-run-events',
    text: `with ${touched} update outbox set event = jsonb_set(event::jsonb, '{data,facts}', (
        select jsonb_agg(case when touched.made then fact || jsonb_build_object('content_hash', ${pseudonym(`fact->>'content_hash'`)}) else fact end order by place)
        from jsonb_array_elements(event::jsonb->'data'->'facts') with ordinality as told(fact, place)
        left join touched on touched.id = (fact->>'run_id')::uuid and fact->>'content_hash' is not null))::json
      where subject = 'studio.run.settled.' || $1::text and exists (
        select from json_array_elements(event->'data'->'facts') as fact join touched on touched.id = (fact->>'run_id')::uuid where touched.made)`,
  },
  {
    name: 'purge-nodes',
    text: `with ${touched} update node set last_key = null, readings = null, error = ${withoutDetail('error')},
        output_hash = case when ${isTaken('node.blob_id', 'node.version')} then null else output_hash end,
        output_type = case when ${isTaken('node.blob_id', 'node.version')} then null else output_type end,
        overlay = case when ${isTaken('node.blob_id', 'node.version')} then null else overlay end,
        content_hash = case when ${isTaken('node.blob_id', 'node.version')} then ${pseudonym('content_hash')} else content_hash end,
        content_type = case when ${isTaken('node.blob_id', 'node.version')} and content_type is not null then '${purgedType}' else content_type end,
        size = case when ${isTaken('node.blob_id', 'node.version')} and size is not null then 0 else size end
      where tenant_id = $1 and blob_id = any($3::uuid[])
        and (${isTaken('node.blob_id', 'node.version')} or last_run_id in (select id from touched))`,
  },
  {
    // What a user may have written into a derivation that is gone for ever.
    name: 'purge-derivations',
    text: `update node set config = case when config is not null then '{}'::json end, label = '', key = null
      where tenant_id = $1 and blob_id = any($3::uuid[]) and ${isTaken('node.blob_id', '0')}`,
  },
  {
    name: 'purge-heads',
    text: `update head set output_hash = null, content_hash = ${pseudonym('content_hash')}, content_type = '${purgedType}'
      where tenant_id = $1 and blob_id = any($3::uuid[]) and ${isTaken('head.blob_id', 'head.version')}`,
  },
  {
    name: 'purge-runs',
    text: `with ${touched} update run set error = ${withoutDetail('error')},
        content_hash = case when touched.made then ${pseudonym('content_hash')} else content_hash end,
        key = case when touched.read then ${pseudonym('key')} else key end,
        inputs = (
          select coalesce(json_agg(case when ${isTaken(`(input->>'blob_id')::uuid`, `(input->>'version')::int`)}
            then json_build_object('name', input->>'name', 'blob_id', input->>'blob_id', 'version', (input->>'version')::int,
              'content_hash', ${pseudonym(`input->>'content_hash'`)}, 'content_type', '${purgedType}')
            else input end order by place), '[]')
          from json_array_elements(run.inputs) with ordinality as given(input, place))
      from touched where run.id = touched.id`,
  },
]
