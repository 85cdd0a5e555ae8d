import { z } from 'zod'
import { BlobReference, Timestamp, Uuid, VersionNumber } from './common.ts'
import { route } from './route.ts'

/**
 * waiting: what only the blob fed is still being deleted · erasing: nothing can bring the content back, and it is being erased from place to place · done
 */
export const PurgeState = z.enum(['waiting', 'erasing', 'done'])

/** The erasure of a deleted blob's content, and of all that was derived from it (ADR 12). It cannot be undone. */
export const Purge = z.object({
  id: Uuid,
  tenant_id: Uuid,
  blob_id: Uuid,
  state: PurgeState,
  requested_at: Timestamp,
  done_at: Timestamp.nullable(),
  /** Blobs that go whole: the blob itself, and those that only it fed. 0 while it waits. */
  blobs: z.int().min(0),
  /** Versions of other blobs that were derived from it. */
  versions: z.int().min(0),
})
export type Purge = z.infer<typeof Purge>

/** One version of a blob. */
export const VersionReference = z.object({ blob_id: Uuid, version: VersionNumber })
export type VersionReference = z.infer<typeof VersionReference>

/** Ids that one request carries at most. */
export const purgePortion = 500

const portion = <Item extends z.ZodType>(item: Item) => z.array(item).max(purgePortion)

/** What stands for a purged hash is made with this key, which is forgotten when the purge is done: 32 bytes. */
const Secret = z.base64()

/** blob's part in a purge. All are repeatable. */
export const blobPurgeRoutes = {
  /** Closes a deleted blob for ever: no commit goes in any more, a revert neither. False, and nothing is done, where it is not deleted. */
  seal: route('/internal/purges/seal', BlobReference, z.object({ sealed: z.boolean() }), { idempotent: true }),
  /** Users' edits that stand in these derived blobs end: what they were made on goes. */
  endOverlays: route('/internal/purges/overlays', z.object({ tenant_id: Uuid, blobs: portion(Uuid) }), z.object({}), {
    idempotent: true,
  }),
  /**
   * Seals deleted blobs, and keeps provider writes of epochs before these out of others, those included whose first version is still to come. What was being
   * committed has been committed, or never will be, when this is answered.
   */
  fence: route(
    '/internal/purges/fence',
    z.object({
      tenant_id: Uuid,
      blobs: portion(Uuid),
      fences: portion(z.object({ blob_id: Uuid, epoch: z.int().min(0) })),
    }),
    z.object({}),
    { idempotent: true },
  ),
  /** Providers' versions of these blobs that are not among the known ones, and the deltas that made them. */
  listUnknown: route(
    '/internal/purges/unknown',
    z.object({
      tenant_id: Uuid,
      blobs: portion(z.object({ blob_id: Uuid, known: z.array(z.int()) })),
    }),
    z.object({ versions: z.array(VersionReference.extend({ delta_id: Uuid })) }),
    { idempotent: true },
  ),
  /**
   * Erases all versions of whole blobs, and these versions of others. Answers how many versions each whole blob has, and what went `along` of others: a tombstone, or a
   * user's change that has the content of a purged version, where it was made on one.
   */
  eraseContents: route(
    '/internal/purges/contents',
    z.object({ tenant_id: Uuid, secret: Secret, blobs: portion(Uuid), versions: portion(VersionReference) }),
    z.object({
      blobs: z.array(z.object({ blob_id: Uuid, versions: z.int() })),
      along: z.array(VersionReference.extend({ created_by: z.string() })),
    }),
    { idempotent: true },
  ),
} as const

/** delta-engine's part in a purge. */
export const deltaPurgeRoutes = {
  /**
   * Erases all deltas of whole blobs, and those that made these versions of others. `missing` of them are not recorded yet: ask again. The
   * deltas of a whole blob are as many as its versions.
   */
  eraseDeltas: route(
    '/internal/purges/deltas',
    z.object({
      tenant_id: Uuid,
      secret: Secret,
      blobs: portion(z.object({ blob_id: Uuid, versions: z.int().min(0) })),
      versions: portion(VersionReference),
    }),
    z.object({ missing: z.int().min(0) }),
    { idempotent: true },
  ),
} as const

/** What dag is asked about purges: it carries them out. */
export const dagPurgeRoutes = {
  /**
   * Begins the purge of a blob, or answers the one that there is. Throws blob_not_found, blob_not_deleted, and derived_blob_read_only for a derived blob, which is
   * purged with what it was made from.
   */
  requestPurge: route('/internal/purges/request', BlobReference, z.object({ purge: Purge }), { idempotent: true }),
  readPurge: route(
    '/internal/purges/read',
    z.object({ tenant_id: Uuid, purge_id: Uuid }),
    z.object({ purge: Purge.nullable() }),
    { idempotent: true },
  ),
} as const
