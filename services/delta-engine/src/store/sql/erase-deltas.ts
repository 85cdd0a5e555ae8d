import type { VersionReference } from '@studio/contracts'
import { pseudonymOf, purgedType, withoutDetail, type Database } from '@studio/database'

/** Whole blobs, with the number of their versions, and single versions of others. */
export interface EraseScope {
  readonly tenant_id: string
  readonly blobs: readonly { readonly blob_id: string; readonly versions: number }[]
  readonly versions: readonly VersionReference[]
}

// Of a blob that lives on the changes go, too, that were made on a purged version and failed.
const inScope = `(blob_id = any($2::uuid[]) or (blob_id, to_version) in (select * from unnest($3::uuid[], $4::int[]))
  or status = 'failed' and (blob_id, from_version) in (select * from unnest($3::uuid[], $4::int[])))`

// The idempotency key stays, without the request's hash, so that the request said again is refused: it would bring the content back.
const eraseText = `
update delta set purged = true, patch = null, original = null, request_hash = null, error = ${withoutDetail('error')},
  content_hash = ${pseudonymOf('content_hash', '$5')},
  content_type = case when content_type is not null then '${purgedType}' end, size = case when size is not null then 0 end
where tenant_id = $1 and not purged and ${inScope}`

// What lost to others may quote any version of its blob.
const quotesText = `
update delta set error = ${withoutDetail('error')}
where tenant_id = $1 and blob_id = any($2::uuid[]) and status = 'failed' and error->>'detail' <> 'purged'`

const countText = `
select (select count(*) from unnest($3::uuid[], $4::int[]) as wanted(blob_id, version)
    where not exists (select from delta where delta.blob_id = wanted.blob_id and delta.to_version = wanted.version and delta.purged))
  + (select count(*) from delta where status = 'pending' and (blob_id, from_version) in (select * from unnest($3::uuid[], $4::int[])))
  + (select coalesce(sum(greatest(versions - recorded, 0)), 0)::bigint from (
    select versions, (select count(*) from delta where delta.blob_id = whole.blob_id and to_version is not null and purged) as recorded
    from unnest($1::uuid[], $2::int[]) as whole(blob_id, versions)) as counted) as missing`

/**
 * Erases what deltas hold of what they changed; answers how many of them are not recorded yet: their rows come some moments after their commits, or by
 * the sweeper. A whole blob takes no deltas any more: who was writing one when it was closed is waited for, as is who tries a change that was made on a purged version.
 */
export async function eraseDeltas(database: Database, scope: EraseScope, secret: Buffer): Promise<number> {
  const whole = scope.blobs.map(({ blob_id }) => blob_id)
  const versions = [scope.versions.map(({ blob_id }) => blob_id), scope.versions.map(({ version }) => version)]
  await close(database, whole)
  await database.execute('erase-deltas', eraseText, [scope.tenant_id, whole, ...versions, secret])
  await database.execute('erase-quotes', quotesText, [scope.tenant_id, versions[0]])
  const [row] = await database.query<{ missing: number }>('count-missing', countText, [
    whole,
    scope.blobs.map((blob) => blob.versions),
    ...versions,
  ])
  return row?.missing ?? 0
}

/** Each statement that writes a pending row reads this table, so locking it waits for those that have not seen the new rows. */
async function close(database: Database, blobIds: readonly string[]): Promise<void> {
  const [open] = await database.query<{ blobs: string[] }>(
    'list-unclosed',
    'select array(select unnest($1::uuid[]) except select blob_id from purged_blob) as blobs',
    [blobIds],
  )
  if (!open || open.blobs.length === 0) return
  await database.transaction(async (transaction) => {
    await transaction.execute('lock-purged', 'lock table purged_blob in access exclusive mode')
    await transaction.execute(
      'close-blobs',
      'insert into purged_blob (blob_id) select unnest($1::uuid[]) on conflict do nothing',
      [open.blobs],
    )
  })
}
