import type { BlobReference } from '@studio/contracts'
import type { Database, Queryable } from '@studio/database'

/** Closes a deleted blob for ever; false where it is not deleted. The commit statement refuses what comes for a sealed one. */
export async function sealBlob(database: Database, { tenant_id, blob_id }: BlobReference): Promise<boolean> {
  const sealed = await database.execute(
    'seal-blob',
    `update blob set purged_at = coalesce(purged_at, now()) where id = $2 and tenant_id = $1 and deleted_at is not null`,
    [tenant_id, blob_id],
  )
  return sealed > 0
}

/** From here on these blobs hold what their providers make. Their overlays stay with the versions that have them. */
export async function endOverlays(database: Database, tenantId: string, blobIds: readonly string[]): Promise<void> {
  await database.execute(
    'end-overlays',
    'update blob set overlay = null where tenant_id = $1 and id = any($2::uuid[]) and overlay is not null',
    [tenantId, blobIds],
  )
}

interface Fences {
  readonly tenant_id: string
  readonly blobs: readonly string[]
  readonly fences: readonly { readonly blob_id: string; readonly epoch: number }[]
}

/**
 * Seals deleted blobs and raises the fences of others. A head is read under its lock by what commits, so its row is enough; it is found in the same moment as the others are found
 * missing. A fence for a blob that is not there yet holds as one on a head does: each statement that commits reads `fence`, so locking the table waits for those that began before, and
 * what begins later sees the rows. Since that holds up everybody's commits, it is done once for each fence.
 */
export async function raiseFences(database: Database, { tenant_id, blobs, fences }: Fences): Promise<void> {
  const given = [tenant_id, fences.map(({ blob_id }) => blob_id), fences.map(({ epoch }) => epoch)]
  await database.execute(
    'seal-blobs',
    'update blob set purged_at = now() where id = any($2::uuid[]) and tenant_id = $1 and deleted_at is not null and purged_at is null',
    [tenant_id, blobs],
  )
  const raise = async (transaction: Queryable): Promise<boolean> => {
    const [row] = await transaction.query<{ unfenced: boolean }>('raise-fences', raiseText, given)
    return row?.unfenced ?? false
  }
  if (!(await database.transaction(raise))) return
  await database.transaction(async (transaction) => {
    await transaction.execute('lock-fences', 'lock table fence in access exclusive mode')
    await raise(transaction)
    await transaction.execute(
      'insert-fences',
      `insert into fence (blob_id, epoch) select id, epoch from unnest($1::uuid[], $2::int[]) as asked(id, epoch)
       where not exists (select from blob where blob.id = asked.id) order by id
       on conflict (blob_id) do update set epoch = greatest(fence.epoch, excluded.epoch)`,
      given.slice(1),
    )
  })
}

const raiseText = `
with asked as (select * from unnest($2::uuid[], $3::int[]) as asked(id, epoch)),
raised as (
  update blob set fence = asked.epoch from asked where blob.id = asked.id and blob.tenant_id = $1 and blob.fence < asked.epoch)
select exists (
  select from asked where not exists (select from blob where blob.id = asked.id)
    and not exists (select from fence where fence.blob_id = asked.id and fence.epoch >= asked.epoch)) as unfenced
`
