import { pseudonymOf, purgedType, type Database, type Queryable } from '@studio/database'
import { isStudioError } from '@studio/kernel'
import { encodeContent, encoding } from '../content-encoding.ts'
import { readContents } from '../sql/read-contents.ts'
import { takeAlong } from './mark-purged.ts'

const pseudonym = pseudonymOf('$2', '$3')

/**
 * Takes a content away from the purged versions that have it: they get one that holds nothing, under a pseudonym. Where no other version has it the bytes
 * are deleted; contents that are kept as patches on it are made whole first.
 *
 * Heads and row are locked all the while, in the order that commits lock them, so neither the packer (which locks what it packs) nor a commit (which locks its head, and whose
 * foreign key waits for the row) gets between.
 */
export async function eraseContent(database: Database, tenantId: string, hash: string, secret: Buffer): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.execute(
      'lock-heads-of-content',
      `select from blob where id in (
         select blob_id from version where tenant_id = $1 and content_hash = $2
         union select blob_id from overlay where tenant_id = $1 and $2 in (base_hash, edited_hash, generated_hash))
       and exists (select from version where version.blob_id = blob.id and version.purged) order by id for no key update`,
      [tenantId, hash],
    )
    const [content] = await transaction.query<{ base_hash: string | null }>(
      'lock-content',
      'select base_hash from content where tenant_id = $1 and hash = $2 and encoding <> 3 for update',
      [tenantId, hash],
    )
    if (content === undefined) return
    await standIn(transaction, [tenantId, hash, secret])
    if (await isUsed(transaction, tenantId, hash)) return
    await makeWhole(transaction, tenantId, hash)
    await transaction.execute('delete-content', 'delete from content where tenant_id = $1 and hash = $2', [
      tenantId,
      hash,
    ])
    await transaction.execute(
      'count-patch-down',
      'update content set patches = patches - 1 where tenant_id = $1 and hash = $2',
      [tenantId, content.base_hash],
    )
  })
}

async function standIn(transaction: Queryable, given: readonly unknown[]): Promise<void> {
  await takeAlong(transaction, 'version.content_hash = $2', given.slice(0, 2))
  await transaction.execute(
    'insert-stand-in',
    `insert into content (tenant_id, hash, size, encoding, bytes) values ($1, ${pseudonym}, 0, 3, '') on conflict do nothing`,
    given,
  )
  await transaction.execute(
    'point-to-stand-in',
    `update version set content_hash = ${pseudonym} where tenant_id = $1 and content_hash = $2 and purged`,
    given,
  )
  await transaction.execute(
    'point-overlays-to-stand-in',
    `update overlay set ${['base', 'edited', 'generated'].map(sideStandsIn).join(', ')}
     where tenant_id = $1 and $2 in (base_hash, edited_hash, generated_hash)
       and exists (select from version where version.blob_id = overlay.blob_id and version.purged)
       and (exists (select from version where version.blob_id = overlay.blob_id and version.version = overlay.version and version.purged)
         or not exists (select from version where version.blob_id = overlay.blob_id and version.content_hash = $2))`,
    given,
  )
  await transaction.execute(
    'forget-left-behind',
    `delete from left_behind where tenant_id = $1 and hash = $2
       and exists (select from version where version.blob_id = left_behind.blob_id and version.purged)`,
    given.slice(0, 2),
  )
  // Nothing can be merged with an edit that has lost a side: its blob holds what the provider makes next.
  await transaction.execute(
    'end-overlays-on-stand-in',
    `update blob set overlay = null from overlay
     where blob.tenant_id = $1 and blob.overlay is not null and overlay.blob_id = blob.id and overlay.version = blob.version
       and ${pseudonym} in (overlay.base_hash, overlay.edited_hash, overlay.generated_hash)`,
    given,
  )
  await transaction.execute(
    'point-heads-to-stand-in',
    `update blob set content_hash = version.content_hash, content_type = version.content_type, size = version.size,
       metadata = case when blob.purged_at is not null then version.metadata else blob.metadata end
     from version where version.version_id = blob.version_id and version.tenant_id = $1 and version.content_hash = ${pseudonym}`,
    given,
  )
}

const sideStandsIn = (side: string): string =>
  `${side}_hash = case ${side}_hash when $2 then ${pseudonym} else ${side}_hash end,
   ${side}_type = case ${side}_hash when $2 then '${purgedType}' else ${side}_type end`

async function isUsed(transaction: Queryable, tenantId: string, hash: string): Promise<boolean> {
  const [row] = await transaction.query<{ used: boolean }>(
    'is-content-used',
    `select exists (select from version where tenant_id = $1 and content_hash = $2)
       or exists (select from overlay where tenant_id = $1 and $2 in (base_hash, edited_hash, generated_hash))
       or exists (select from left_behind where tenant_id = $1 and hash = $2) as used`,
    [tenantId, hash],
  )
  return row?.used ?? false
}

/** One after another, since each may have 16 MiB. */
async function makeWhole(transaction: Queryable, tenantId: string, baseHash: string): Promise<void> {
  const patches = await transaction.query<{ hash: string; bytes: Buffer | null }>(
    'list-patches-on',
    'select hash from content where tenant_id = $1 and base_hash = $2 order by hash for update',
    [tenantId, baseHash],
  )
  for (const { hash } of patches) {
    const bytes = await readUndamaged(transaction, tenantId, hash)
    const whole = bytes && (await encodeContent(bytes))
    await transaction.execute(
      'make-content-whole',
      'update content set encoding = $3, bytes = coalesce($4, bytes), base_hash = null where tenant_id = $1 and hash = $2',
      [tenantId, hash, whole?.encoding ?? encoding.raw, whole?.stored ?? null],
    )
  }
}

/** Null for bytes that are damaged: without their base they stay so, and keep nothing from being erased. */
async function readUndamaged(transaction: Queryable, tenantId: string, hash: string): Promise<Buffer | null> {
  try {
    const [bytes] = await readContents(transaction, [{ tenant_id: tenantId, hash }])
    return bytes ?? null
  } catch (error) {
    if (isStudioError(error, 'internal_error')) return null
    throw error
  }
}
