import type { MoveOutcome, OverlayMove } from '@studio/contracts'
import type { Database } from '@studio/database'
import { failpoint } from '@studio/kernel'
import { toBlob, type BlobRow } from './columns.ts'

type MovedRow = { position: number; head_version: number } & (
  ({ verdict: 'moved' } & BlobRow) | { verdict: 'conflict' | 'content_missing' }
)

// Heads are locked first, in the order of their keys, as a commit locks them. What a
// provider has made stays, as outputs do that are versions: recorded outputs count on it (`left_behind`, where a purge finds it).
const text = `
with item as materialized (
  select * from json_to_recordset($1::json) as item(
    position int, tenant_id uuid, blob_id uuid, from_version int, from_generated text, fence int, generated_hash text, generated_type text, conflicted boolean)
), head as materialized (
  select id, tenant_id, version, fence, overlay, deleted_at from blob
  where id = any(array(select blob_id from item)) order by id for no key update
), judged as materialized (
  select item.*, head.id as head_id,
    case when head.tenant_id = item.tenant_id then head.version else 1 end as head_version,
    standing.generated_hash as standing_hash,
    case
      when head.id is null or head.tenant_id <> item.tenant_id or head.deleted_at is not null or head.version <> item.from_version
        or head.fence > item.fence or standing.generated_hash is distinct from item.from_generated then 'conflict'
      when content.hash is null then 'content_missing'
      else 'moved'
    end as verdict
  from item
  left join head on head.id = item.blob_id
  left join lateral (
    -- Locked, to see it as new as its head: the move before this one made no version.
    select generated_hash from overlay
    where head.overlay is not null and overlay.blob_id = head.id and overlay.version = head.version limit 1 for no key update
  ) as standing on true
  left join content on content.tenant_id = item.tenant_id and content.hash = item.generated_hash
), moving as materialized (
  select distinct on (blob_id) * from judged where verdict = 'moved' order by blob_id, position
), moved as (
  update overlay set generated_hash = moving.generated_hash, generated_type = moving.generated_type, conflicted = moving.conflicted
  from moving where overlay.blob_id = moving.blob_id and overlay.version = moving.from_version
), told as (
  update blob set overlay = case when moving.conflicted then 'conflicted' else 'edited' end, fence = moving.fence
  from moving where blob.id = moving.blob_id
  returning blob.*
), outdated as (
  insert into left_behind (blob_id, version, tenant_id, hash)
  select blob_id, from_version, tenant_id, standing_hash from moving where standing_hash <> generated_hash
  on conflict do nothing
), kept as (
  update content set staged_at = null
  from (select distinct tenant_id, standing_hash from moving where standing_hash <> generated_hash) as old
  where content.tenant_id = old.tenant_id and content.hash = old.standing_hash and content.staged_at is not null
)
select judged.position, judged.head_version, case when judged.verdict = 'moved' and told.id is null then 'conflict' else judged.verdict end as verdict,
  told.*
from judged left join moving using (position) left join told on told.id = moving.blob_id
`

/** Tells overlays of outputs that change nothing else; in the order asked. Of several moves of one blob the first goes in. */
export async function moveOverlays(database: Database, moves: readonly OverlayMove[]): Promise<MoveOutcome[]> {
  const rows = moves.map(({ generated, ...move }, position) => ({
    position,
    ...move,
    generated_hash: generated.content_hash,
    generated_type: generated.content_type,
  }))
  const judged = await database.transaction((transaction) =>
    transaction.query<MovedRow>('move-overlays', text, [JSON.stringify(rows)]),
  )
  failpoint('blob.overlay.moved')
  const outcomes = new Map(judged.map((row) => [row.position, outcomeOf(row)]))
  return moves.map((_move, position) => outcomes.get(position) ?? { status: 'content_missing' })
}

function outcomeOf(row: MovedRow): MoveOutcome {
  if (row.verdict === 'moved') return { status: 'moved', blob: toBlob(row) }
  if (row.verdict === 'content_missing') return { status: 'content_missing' }
  return { status: 'conflict', head_version: row.head_version }
}
