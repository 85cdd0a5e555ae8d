import type { Basis, Operation } from '@studio/contracts'
import type { BlobRow } from './columns.ts'

/**
 * One commit as the statement takes it; undefined is null there, and takes no room in the JSON. Without `content_offset` no bytes come with it: then `content_hash`
 * names content that is there, or is undefined for the head's.
 */
export interface CommitRow {
  position: number
  delta_id: string
  tenant_id: string
  user_id: string
  blob_id: string
  version_id: string
  operation: Operation
  from_version: number
  from_hash: string | undefined
  /** undefined: nothing. */
  rests_on: readonly Basis[] | undefined
  /** Commits of one chain are written together: `rank` counts those that come before this one, each from the version that the one before it makes. */
  chain: number
  rank: number
  content_hash: string | undefined
  content_size: number | undefined
  content_offset: number | undefined
  stored_size: number | undefined
  encoding: number | undefined
  content_type: string | undefined
  /** Whether the commit says what becomes of the overlay; it was planned on the one with this `from_generated` (undefined: on none). */
  overlaid: boolean
  from_generated: string | undefined
  /** The overlay that it leaves; undefined: none. */
  base_hash: string | undefined
  base_type: string | undefined
  edited_hash: string | undefined
  edited_type: string | undefined
  generated_hash: string | undefined
  generated_type: string | undefined
  conflicted: boolean | undefined
  metadata: string | undefined
  created_by: string
  caused_by: string | undefined
  parent_id: string | undefined
  root_id: string
  depth: number
  providers: string | undefined
  conflict_policy: string | undefined
  publication: string | undefined
  gated_since: number | undefined
  fence: number
  traceparent: string | undefined
}

/** What the statement says of one item; the columns of the blob are set where it was written by this very run. */
export type JudgedRow = { position: number; head_version: number } & (
  | { verdict: 'committed'; fate_version: number; fate_version_id: string }
  | ({ verdict: 'committed'; fate_version: null } & BlobRow)
  | { verdict: 'refused' | 'again' | 'baseless' | 'conflict' | 'overlaid' | 'missing' | 'deleted' | 'content_missing' }
)

/** Facts in one outbox row: well below the largest message that NATS takes. */
const factsPerEvent = 200

/**
 * The commit point of the studio: judges a batch of commits, writes those that can go in (content, head, version, fate of the delta, outbox)
 * and answers one row for each of them. All in one statement, so in one round trip and one transaction.
 *
 * `verdict` is `committed` (now, or before by the same delta), `refused`, `again` (another item of this batch goes first, or a concurrent
 * create won), or what stands in the way. Verdicts other than the first two come from a snapshot taken before the heads were locked: a
 * second run of the statement makes them certain (versions only grow, so an item that lost twice has lost for good).
 *
 * What rests on other commits goes in after them or in the same run, and only where they made what it was derived from; else it is `baseless`, and what rests on
 * it too.
 *
 * Of each blob one chain is written: its first items up to one that cannot go in. They change content only, so the head takes the last one's, and
 * all else of the head is the same for all of their versions.
 *
 * No deadlock: every statement locks heads, then inserts heads, contents and fates, each in the order of their keys. Races on a
 * unique key (one delta committed or refused at the same time) and on the foreign key of contents (the collector) end the statement with 23505 or
 * 23503; nothing is written then and it is run again.
 *
 * Where a user's edit stands (`blob.overlay`), the content changes only with what becomes of the overlay: whoever planned without it, or on another one, is told
 * (`overlaid`). What leaves the content alone takes the overlay along to its version. Its row is read under a lock as the head is, not from the snapshot.
 *
 * The filter on a boolean (`goes_first`) is for the planner: it takes an equality with a computed column to leave one row, and joins the rest by
 * nested loops (1,000 items: 940 instead of 110 ms).
 * What rests on what is looked up row by row (`lateral … limit 1`): as a join the planner reads all fates and versions there are (10,000: 10 ms a statement).
 *
 * $1 is a JSON array of CommitRow, $2 the bytes of all contents one after another.
 */
export const commitText = `
with recursive item as materialized (
  select * from json_to_recordset($1::json) as item(
    position int, delta_id uuid, tenant_id uuid, user_id uuid, blob_id uuid, version_id uuid, operation text, from_version int, from_hash text,
    rests_on json, chain int, rank int, content_hash text, content_size int, content_offset int, stored_size int, encoding smallint, content_type text, overlaid boolean, from_generated text,
    base_hash text, base_type text, edited_hash text, edited_type text, generated_hash text, generated_type text, conflicted boolean, metadata text, created_by text, caused_by uuid,
    parent_id uuid, root_id uuid, depth int, providers text, conflict_policy text, publication text, gated_since bigint, fence int, traceparent text)
), head as materialized (
  select id, tenant_id, version, content_hash, size, fence, overlay, deleted_at, purged_at from blob
  where id = any(array(select blob_id from item)) order by id for no key update
), judged as materialized (
  select item.*, head.id is null as is_new,
    -- Nothing of another tenant's blob is told.
    case when head.tenant_id = item.tenant_id then head.version else 1 end as head_version,
    fate.version_id as fate_version_id, version.version as fate_version,
    overlay.standing,
    coalesce(item.content_hash, head.content_hash) as next_hash,
    coalesce(item.content_size, content.size, head.size) as next_size,
    case
      when fate.delta_id is not null then case when version.tenant_id = item.tenant_id and version.blob_id = item.blob_id then 'committed' else 'refused' end
      when item.from_version = 0 and head.id is not null then 'conflict'
      when item.from_version > 0 and (head.id is null or head.tenant_id <> item.tenant_id) then 'missing'
      when head.deleted_at is not null and (item.operation not in ('transform', 'revert') or head.purged_at is not null) then 'deleted'
      when item.from_version - item.rank <> coalesce(head.version, 0) then 'conflict'
      when item.rank = 0 and item.from_hash <> head.content_hash then 'conflict'
      when item.fence < coalesce(head.fence, (select epoch from fence where fence.blob_id = item.blob_id)) and (item.fence > 0 or item.operation = 'transform') then 'conflict'
      when head.overlay is not null and item.content_hash is not null and not item.overlaid then 'overlaid'
      when item.overlaid and item.from_generated is distinct from (overlay.standing).generated_hash then 'overlaid'
      when item.generated_hash is not null and not exists (
        select from content as made where made.tenant_id = item.tenant_id and made.hash = item.generated_hash) then 'content_missing'
      when item.content_offset is null and item.content_hash is not null and content.hash is null then 'content_missing'
      when item.content_hash is null and head.id is null then 'content_missing'
      else 'write'
    end as verdict
  from item
  left join head on head.id = item.blob_id
  left join lateral (select * from delta_fate where delta_fate.delta_id = item.delta_id limit 1) as fate on true
  left join lateral (select * from version where version.version_id = fate.version_id limit 1) as version on true
  left join lateral (
    select hash, size from content
    where item.content_offset is null and content.tenant_id = item.tenant_id and content.hash = item.content_hash and content.encoding <> 3 limit 1
  ) as content on true
  left join lateral (
    -- Locked, to see it as new as its head: what is told to it makes no version.
    select standing from overlay as standing
    where head.overlay is not null and standing.blob_id = head.id and standing.version = head.version limit 1 for no key update
  ) as overlay on true
), able as materialized (
  select * from (
    select *, bool_and(fits) over (partition by chain order by rank)
      and chain = first_value(chain) over (partition by fits, blob_id order by position) as goes_first
    from (
      select *, verdict = 'write' and row_number() over (partition by verdict, delta_id order by position) = 1 as fits from judged
    ) as fitting
  ) as ordered where goes_first
), resting as materialized (
  select able.position, able.tenant_id, basis.*
  from able cross join lateral json_to_recordset(able.rests_on) as basis(delta_id uuid, content_hash text)
  left join lateral (select version_id from delta_fate where delta_fate.delta_id = basis.delta_id limit 1) as fate on true
  left join lateral (select tenant_id, content_hash from version where version.version_id = fate.version_id limit 1) as made on true
  where able.rests_on is not null and (made.tenant_id = able.tenant_id and made.content_hash = basis.content_hash) is not true
), baseless(position) as (
  select resting.position from resting
  where not exists (select from able where able.delta_id = resting.delta_id and able.tenant_id = resting.tenant_id and able.next_hash = resting.content_hash)
  union
  select resting.position from baseless join able using (position) join resting on resting.delta_id = able.delta_id
), writing as materialized (
  select * from able where position not in (select position from baseless)
), updated as (
  update blob set
    version = writing.from_version + 1, version_id = writing.version_id, content_hash = writing.next_hash, size = writing.next_size,
    content_type = coalesce(writing.content_type, blob.content_type), metadata = coalesce(writing.metadata::json, blob.metadata),
    providers = coalesce(writing.providers::json, blob.providers), conflict_policy = coalesce(writing.conflict_policy, blob.conflict_policy),
    overlay = case when not writing.overlaid then blob.overlay when writing.generated_hash is not null then case when writing.conflicted then 'conflicted' else 'edited' end end,
    publication = coalesce(writing.publication, blob.publication),
    fence = greatest(blob.fence, writing.fence), updated_at = greatest(now(), blob.updated_at),
    deleted_at = case when writing.operation = 'delete' then now() end
  from (select distinct on (blob_id) * from writing where not is_new order by blob_id, rank desc) as writing where blob.id = writing.blob_id
  returning blob.*
), fenced as (
  -- A tombstone of what is deleted already makes no version, and still keeps older runs out.
  update blob set fence = gone.fence
  from (select blob_id, max(fence) as fence from judged where verdict = 'deleted' and operation = 'delete' group by blob_id) as gone
  where blob.id = gone.blob_id and blob.fence < gone.fence and not exists (select from writing where writing.blob_id = blob.id)
), created as (
  insert into blob (id, tenant_id, user_id, content_type, content_hash, size, version, version_id, parent_id, root_id, depth, created_by, providers,
    conflict_policy, publication, metadata, fence, created_at, updated_at, deleted_at)
  select blob_id, tenant_id, user_id, coalesce(content_type, 'application/octet-stream'), next_hash, next_size, 1, version_id, parent_id, root_id, depth,
    created_by, coalesce(providers, '"auto"')::json, coalesce(conflict_policy, 'reject'), coalesce(publication, 'immediate'), coalesce(metadata, '{}')::json, fence, now(), now(), case when operation = 'delete' then now() end
  from writing where is_new order by blob_id
  on conflict (id) do nothing
  returning *
), written as materialized (
  select * from updated union all select * from created
), gated as (
  -- What is to wait for its publication is seen as it was, from its first write on: at the version that this one goes on, or not at all.
  insert into published (blob_id, tenant_id, version, revision)
  select written.id, written.tenant_id, writing.from_version, coalesce(writing.gated_since, 0)
  from written join writing on writing.blob_id = written.id
  where writing.rank = 0 and (writing.gated_since is not null or writing.created_by = 'user' and written.publication = 'atomic')
  order by written.id
  on conflict (blob_id) do update set version = excluded.version
    where published.version is null and (excluded.revision = 0 or excluded.revision > published.revision)
), stored as (
  insert into content (tenant_id, hash, size, encoding, bytes)
  select distinct on (tenant_id, next_hash) tenant_id, next_hash, next_size, encoding, substring($2::bytea from content_offset + 1 for stored_size)
  from writing where content_offset is not null and exists (select from written where written.id = writing.blob_id)
  order by tenant_id, next_hash
  on conflict (tenant_id, hash) do nothing
), versioned as (
  insert into version (version_id, tenant_id, blob_id, version, content_type, content_hash, size, delta_id, operation, created_by, user_id, caused_by,
    metadata, created_at)
  select writing.version_id, written.tenant_id, written.id, writing.from_version + 1, written.content_type, writing.next_hash, writing.next_size, writing.delta_id,
    writing.operation, writing.created_by, writing.user_id, writing.caused_by, written.metadata, written.updated_at
  from written join writing on writing.blob_id = written.id
), overlaid as (
  insert into overlay (blob_id, version, tenant_id, base_hash, base_type, edited_hash, edited_type, generated_hash, generated_type, conflicted)
  select written.id, writing.from_version + 1, written.tenant_id, base_hash, base_type, edited_hash, edited_type, generated_hash, generated_type, conflicted
  from written join writing on writing.blob_id = written.id where writing.overlaid and writing.generated_hash is not null
  union all
  select written.id, writing.from_version + 1, written.tenant_id, (standing).base_hash, (standing).base_type, (standing).edited_hash, (standing).edited_type,
    (standing).generated_hash, (standing).generated_type, (standing).conflicted
  from written join writing on writing.blob_id = written.id where not writing.overlaid and standing is not null
), decided as (
  insert into delta_fate (delta_id, version_id)
  select writing.delta_id, writing.version_id from written join writing on writing.blob_id = written.id order by writing.delta_id
), fact as (
  select writing.position, written.tenant_id,
    'studio.blob.' || case when writing.operation = 'delete' then 'deleted' when writing.is_new then 'created' else 'updated' end as type,
    json_build_object(
      'blob_id', written.id, 'user_id', writing.user_id, 'version', writing.from_version + 1, 'version_id', writing.version_id, 'operation', writing.operation,
      'content_type', written.content_type, 'content_hash', writing.next_hash, 'size', writing.next_size, 'delta_id', writing.delta_id,
      'caused_by', writing.caused_by, 'created_by', writing.created_by, 'parent_id', written.parent_id, 'root_id', written.root_id,
      'depth', written.depth, 'providers', written.providers, 'publication', written.publication, 'traceparent', writing.traceparent,
      'overlay', case when written.overlay is not null then json_build_object('state', written.overlay, 'generated', json_build_object(
        'content_hash', coalesce(writing.generated_hash, (standing).generated_hash), 'content_type', coalesce(writing.generated_type, (standing).generated_type))) end) as body
  from written join writing on writing.blob_id = written.id
), told as (
  insert into outbox (id, subject, event)
  select id, type || '.' || tenant_id, json_build_object('specversion', '1.0', 'id', id, 'source', 'studio/blob', 'type', type, 'subject', tenant_id,
    'time', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'datacontenttype', 'application/json',
    'data', json_build_object('facts', facts))
  from (
    select gen_random_uuid() as id, tenant_id, type, json_agg(body order by position) as facts
    from (select *, (row_number() over (partition by tenant_id, type order by position) - 1) / ${factsPerEvent} as part from fact) as numbered
    group by tenant_id, type, part
    offset 0
  ) as event
)
select judged.position, judged.fate_version, judged.fate_version_id, judged.head_version,
  case when written.id is not null then 'committed' when judged.position in (select position from baseless) then 'baseless'
    when judged.verdict = 'write' then 'again' else judged.verdict end as verdict,
  judged.version_id, judged.from_version + 1 as version, judged.next_hash as content_hash, judged.next_size as size, written.id, written.tenant_id, written.user_id,
  written.content_type, written.parent_id, written.root_id, written.depth, written.created_by, written.providers, written.conflict_policy, written.overlay, written.publication, written.metadata,
  written.created_at, written.updated_at, written.deleted_at
from judged left join writing using (position) left join written on written.id = writing.blob_id
`
