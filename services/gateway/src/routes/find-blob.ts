import type { Blob, PublishedBlob, Version } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { refused } from '../domain/json-text.ts'
import { blobAt } from '../domain/resources.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
const versionNumber = /^[1-9]\d{0,8}$/

/** The id in a path. One that is no uuid names nothing, and is answered as every missing one. */
export function idFrom(text: string, missing: () => StudioError = blobNotFound): string {
  if (!uuid.test(text)) throw missing()
  return text.toLowerCase()
}

export function blobNotFound(): StudioError {
  return new StudioError('blob_not_found', 'Check the id, and that the token is of the tenant that owns the blob.')
}

/** A blob of this tenant at its head, tombstones included; throws `blob_not_found`. */
export async function findBlob(context: Context, { tenant_id }: Principal, blob_id: string): Promise<Blob> {
  const blob = await context.blob.one('readBlobs', { tenant_id, blob_id })
  if (!blob) throw blobNotFound()
  return blob
}

/** A blob that is not deleted; throws `blob_deleted` besides. */
export async function findLiveBlob(context: Context, principal: Principal, blobId: string): Promise<Blob> {
  const blob = await findBlob(context, principal, blobId)
  return alive(blob, blob)
}

/** A blob that is not deleted as readers see it; throws `blob_not_found`, `blob_deleted`, and `blob_not_published` where they see nothing yet. */
export async function findPublished(
  context: Context,
  { tenant_id }: Principal,
  blob_id: string,
): Promise<PublishedBlob> {
  const found = await context.blob.one('readPublished', { tenant_id, blob_id })
  if (!found) throw blobNotFound()
  const { blob, published } = found
  if (published?.version === 0)
    throw new StudioError(
      'blob_not_published',
      'It appears when all that is published with it has settled. ?version=head reads it as it is, GET …/explain says what it waits for.',
    )
  alive(blob, published ? { ...blob, version: published.head_version } : blob)
  return found
}

/**
 * A blob as it was at a version or a time, at its head, or as readers see it; throws `version_not_found` besides, and `blob_deleted` where it was deleted then.
 */
export async function findBlobAsOf(
  context: Context,
  principal: Principal,
  blob_id: string,
  { version, at }: { readonly version?: number | 'head' | undefined; readonly at?: string | undefined },
): Promise<PublishedBlob> {
  if (version !== undefined && at !== undefined) throw refused('/at', 'goes without version')
  if (version === 'head') return { blob: await findLiveBlob(context, principal, blob_id), published: null }
  if (version === undefined && at === undefined) return findPublished(context, principal, blob_id)
  const { tenant_id } = principal
  const [head, then] = await Promise.all([
    findBlob(context, principal, blob_id),
    version !== undefined
      ? context.blob.one('readVersions', { tenant_id, blob_id, version })
      : context.blob.call('readVersionAt', { tenant_id, blob_id, at: at ?? '' }).then((answer) => answer.version),
  ])
  if (then) return { blob: alive(blobAt(head, then), head), published: null }
  throw new StudioError('version_not_found', 'GET …/versions lists those that there are, with their times.')
}

/** One version; throws `blob_not_found`, `version_not_found`. */
export async function findVersion(
  context: Context,
  principal: Principal,
  blob_id: string,
  number: string,
): Promise<Version> {
  const version = versionNumber.test(number)
    ? await context.blob.one('readVersions', { tenant_id: principal.tenant_id, blob_id, version: Number(number) })
    : null
  if (version) return version
  await findBlob(context, principal, blob_id)
  throw new StudioError('version_not_found', 'GET …/versions lists those that there are.')
}

function alive(blob: Blob, head: Blob): Blob {
  if (blob.deleted_at === null) return blob
  if (head.purged_at !== undefined)
    throw new StudioError('content_purged', 'The blob was deleted and purged: it cannot come back.', {
      extensions: { deleted_at: head.deleted_at, purged_at: head.purged_at, current_version: head.version },
    })
  const way = blob.created_by === 'user' ? 'POST …/revert brings it back' : 'it comes back with what it was made from'
  throw new StudioError('blob_deleted', `Its versions can still be read, and ${way}.`, {
    extensions: { deleted_at: blob.deleted_at, current_version: head.version },
  })
}
