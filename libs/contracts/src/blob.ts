import { z } from 'zod'
import {
  BlobReference,
  ConflictPolicy,
  Content,
  items,
  Metadata,
  Operation,
  Publication,
  Sha256,
  Timestamp,
  Traceparent,
  TriggerPolicy,
  Uuid,
  VersionNumber,
} from './common.ts'
import { OverlayChange, OverlayMove, OverlayState, StoredOverlay } from './overlay.ts'
import { blobPurgeRoutes } from './purge.ts'
import { route } from './route.ts'

/** A blob at its head. `size` in bytes; `created_by` is "user" or a provider id; `parent_id` and `depth` tell the primary input at creation. */
export const Blob = z.object({
  id: Uuid,
  tenant_id: Uuid,
  user_id: Uuid,
  content_type: z.string(),
  content_hash: Sha256,
  size: z.int().min(0),
  version: VersionNumber,
  version_id: Uuid,
  parent_id: Uuid.nullable(),
  root_id: Uuid,
  depth: z.int().min(0),
  created_by: z.string(),
  providers: TriggerPolicy,
  conflict_policy: ConflictPolicy,
  /** Of a derived blob that a user has changed; null where it holds what its provider made. */
  overlay: OverlayState.nullable(),
  /** Of a source; what is derived from an atomic one is published with it, whatever stands here. */
  publication: Publication,
  metadata: Metadata,
  created_at: Timestamp,
  updated_at: Timestamp,
  deleted_at: Timestamp.nullable(),
  /** Where it has been purged: it never comes back. */
  purged_at: Timestamp.optional(),
})
export type Blob = z.infer<typeof Blob>

/** One version. It changes only with an edit that stands in it, at the head, and when it is purged. A tombstone (operation `delete`) keeps the hash of the content that it took away. */
export const Version = z.object({
  version_id: Uuid,
  blob_id: Uuid,
  version: VersionNumber,
  content_type: z.string(),
  content_hash: Sha256,
  size: z.int().min(0),
  delta_id: Uuid,
  operation: Operation,
  created_by: z.string(),
  user_id: Uuid,
  /** How a user's edit stands in this version of a derived blob; null: it holds what its provider made. */
  overlay: OverlayState.nullable(),
  /** Where one does: what the provider had made. A transform of other content was merged with the edit, or gave way to it. */
  generated_hash: Sha256.nullable(),
  metadata: Metadata,
  created_at: Timestamp,
  /** Its content has been purged: hash, size and type are no longer its own. */
  purged: z.literal(true).optional(),
})
export type Version = z.infer<typeof Version>

/** A delta, and the content that it must have made: with or before the commit that rests on it. */
export const Basis = z.object({ delta_id: Uuid, content_hash: Sha256 })
export type Basis = z.infer<typeof Basis>

/**
 * One delta to commit: the commit point of the studio (design 6.1b). `from_version` 0 makes the blob. `content` null keeps the bytes of the
 * head (a delete, a change of metadata only); `metadata`, `providers`, `conflict_policy` and `publication` null keep the head's. `fence` is the epoch of the node for a
 * provider's write and 0 for a user's: a write with a lower fence than the last one is refused. `from_hash`: the content on which it was planned, where that
 * was not committed yet; null does not ask for it. `rests_on`: what it was derived from, where that was not committed yet. Without `overlay` the overlay stays
 * that there is: only a change that leaves the content alone may do without. `gated_since`: where a provider's write has to wait for its publication, the revision of
 * dag's graph since which it has to; null: readers see it at once.
 */
export const Commit = z.object({
  delta_id: Uuid,
  tenant_id: Uuid,
  user_id: Uuid,
  blob_id: Uuid,
  operation: Operation,
  from_version: z.int().min(0),
  from_hash: Sha256.nullable(),
  rests_on: z.array(Basis),
  content: Content.nullable(),
  content_type: z.string().nullable(),
  overlay: OverlayChange.optional(),
  metadata: Metadata.nullable(),
  created_by: z.string(),
  caused_by: Uuid.nullable(),
  parent_id: Uuid.nullable(),
  root_id: Uuid,
  depth: z.int().min(0),
  providers: TriggerPolicy.nullable(),
  conflict_policy: ConflictPolicy.nullable(),
  publication: Publication.nullable(),
  gated_since: z.int().min(0).nullable(),
  fence: z.int().min(0),
  traceparent: Traceparent.nullable(),
})
export type Commit = z.infer<typeof Commit>

/**
 * What became of a commit. `committed` is answered again for a delta that was committed before, whatever the head is now.
 * `conflict`: the head is not `from_version`, or not `from_hash` (or the blob exists, for a create; or the fence is old); `deleted`: a user's change of a tombstone;
 * `overlaid`: a user's edit stands there that the commit was not planned on, or knows of another output than it was planned on; `baseless`: what it rests on
 * has not been committed.
 */
export const CommitOutcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('committed'), version: VersionNumber, version_id: Uuid, blob: Blob }),
  z.object({ status: z.literal('conflict'), head_version: VersionNumber }),
  z.object({ status: z.literal('missing') }),
  z.object({ status: z.literal('deleted'), head_version: VersionNumber }),
  z.object({ status: z.literal('overlaid'), head_version: VersionNumber }),
  z.object({ status: z.literal('content_missing') }),
  z.object({ status: z.literal('refused') }),
  z.object({ status: z.literal('baseless') }),
])
export type CommitOutcome = z.infer<typeof CommitOutcome>

/** All of an atomic list was committed, now or before; or none of it, because of the item at `position`. */
export const AtomicOutcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('committed'), items: z.array(CommitOutcome) }),
  z.object({ status: z.literal('refused'), position: z.int().min(0), outcome: CommitOutcome }),
])
export type AtomicOutcome = z.infer<typeof AtomicOutcome>

/** What became of a move: `moved` (the blob as it is), or what stands against it. */
export const MoveOutcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('moved'), blob: Blob }),
  z.object({ status: z.literal('conflict'), head_version: VersionNumber }),
  z.object({ status: z.literal('content_missing') }),
])
export type MoveOutcome = z.infer<typeof MoveOutcome>

/** Where a delta stands, for the sweeper: `unknown` means that no commit of it is known and none was refused. */
export const DeltaOutcome = z.object({
  delta_id: Uuid,
  status: z.enum(['committed', 'refused', 'unknown']),
  version: VersionNumber.nullable(),
})
export type DeltaOutcome = z.infer<typeof DeltaOutcome>

/** A committed provider write with all that a delta row needs, for the sweeper to write the rows that a crash left out. */
export const Transform = Version.extend({ tenant_id: Uuid, caused_by: Uuid.nullable() })
export type Transform = z.infer<typeof Transform>

/** What readers see of a blob that is published with others. `version` 0: nothing yet. Blobs of one `revision` that are connected are of one state. */
export const PublishedState = z.object({
  version: z.int().min(0),
  revision: z.int().min(0),
  head_version: VersionNumber,
})
export type PublishedState = z.infer<typeof PublishedState>

/** A blob as readers see it; `published` null: at its head. Before its first publication it is the head that stands here. */
export const PublishedBlob = z.object({ blob: Blob, published: PublishedState.nullable() })
export type PublishedBlob = z.infer<typeof PublishedBlob>

/** A blob that is published, with the published blobs that feed it. */
export const PublishedMember = Blob.pick({
  id: true,
  version: true,
  version_id: true,
  content_type: true,
  content_hash: true,
  size: true,
  created_by: true,
  metadata: true,
}).extend({ input_ids: z.array(Uuid) })
export type PublishedMember = z.infer<typeof PublishedMember>

/** All of a publication at one moment; deleted blobs are left out. */
export const PublishedSet = z.object({ revision: z.int().min(0), members: z.array(PublishedMember) })
export type PublishedSet = z.infer<typeof PublishedSet>

/** What readers are to see of a blob from this revision of the tenant's graph on; `version` null: its head, again. */
export const Publishing = z.object({
  blob_id: Uuid,
  version: VersionNumber.nullable(),
  revision: z.int().min(0),
  input_ids: z.array(Uuid),
})
export type Publishing = z.infer<typeof Publishing>

/** Bytes of contents in a JSON answer, of each and together; what goes over it would hold the event loop of both sides. */
export const answeredContents = { each: 256 * 1024, together: 4 * 1024 * 1024 } as const

/** Blobs that one publication may have. */
export const maximumPublished = 100_000

const BlobList = z.object({
  tenant_id: Uuid,
  user_id: Uuid.optional(),
  root_id: Uuid.optional(),
  created_by: z.string().optional(),
  limit: z.int().min(1).max(200),
  after: Uuid.optional(),
})

export const blobApi = {
  /** Commits deltas, each on its own; repeatable by delta id. */
  commit: route('/internal/commits', items(Commit), items(CommitOutcome), { idempotent: true, itemwise: true }),
  /**
   * Commits all deltas of a list or none, in one transaction; repeatable by delta ids. Several of one blob follow each other in the order
   * of the list, each from the version that the one before it makes.
   */
  commitAtomically: route('/internal/commits/atomic', items(Commit, 1000), AtomicOutcome, { idempotent: true }),
  /** Blobs at their heads, tombstones included; null for what this tenant does not have. */
  readBlobs: route('/internal/blobs/read', items(BlobReference), items(Blob.nullable()), {
    idempotent: true,
    itemwise: true,
  }),
  /** Overlays of blobs at their heads; null where there is none. */
  readOverlays: route('/internal/overlays/read', items(BlobReference), items(StoredOverlay.nullable()), {
    idempotent: true,
    itemwise: true,
  }),
  /** Tells overlays of outputs that change nothing of what their blobs hold. No version, no event. */
  moveOverlays: route('/internal/overlays/move', items(OverlayMove), items(MoveOutcome), {
    idempotent: true,
    itemwise: true,
  }),
  /** A tenant's live blobs, newest first by time of creation; `after` is the id of the last one seen. */
  listBlobs: route('/internal/blobs/list', BlobList, z.object({ blobs: z.array(Blob), next: Uuid.nullable() }), {
    idempotent: true,
  }),
  /** Blobs as readers see them; null for what this tenant does not have. */
  readPublished: route('/internal/published/read', items(BlobReference), items(PublishedBlob.nullable()), {
    idempotent: true,
    itemwise: true,
  }),
  /** As listBlobs, but as readers see them: what is not published yet is left out. */
  listPublished: route(
    '/internal/published/list',
    BlobList,
    z.object({ blobs: z.array(PublishedBlob), next: Uuid.nullable() }),
    { idempotent: true },
  ),
  /** A blob and all that is published below it, of one moment; null where it is not published with others, or not yet. */
  readPublishedSet: route('/internal/published/set', BlobReference, z.object({ set: PublishedSet.nullable() }), {
    idempotent: true,
  }),
  /** Moves what readers see, all in one transaction; repeatable and free of order: an older revision moves nothing back. */
  publish: route(
    '/internal/publications',
    z.object({ tenant_id: Uuid, items: z.array(Publishing).max(maximumPublished) }),
    z.object({ moved: z.int() }),
    { idempotent: true },
  ),
  readVersions: route(
    '/internal/versions/read',
    items(BlobReference.extend({ version: VersionNumber })),
    items(Version.nullable()),
    { idempotent: true, itemwise: true },
  ),
  /** History of a blob, newest first; `before` is the last version number seen. */
  listVersions: route(
    '/internal/versions/list',
    BlobReference.extend({ limit: z.int().min(1).max(500), before: VersionNumber.optional() }),
    z.object({ versions: z.array(Version), next: VersionNumber.nullable() }),
    { idempotent: true },
  ),
  /** The version that was a blob's newest at a time; null where it had none yet. */
  readVersionAt: route(
    '/internal/versions/at',
    BlobReference.extend({ at: Timestamp }),
    z.object({ version: Version.nullable() }),
    { idempotent: true },
  ),
  /**
   * Bytes by hash; null for what this tenant does not have. Of large contents, and of those beyond what one answer may carry (`answeredContents`), only the size in
   * bytes: `GET /internal/contents/{hash}` gives them raw, which costs both sides less. `purged`: what stands in the place of purged content.
   */
  readContents: route(
    '/internal/contents/read',
    items(z.object({ tenant_id: Uuid, hash: Sha256 })),
    items(
      z
        .union([z.object({ base64: z.base64() }), z.object({ size: z.int() }), z.object({ purged: z.literal(true) })])
        .nullable(),
    ),
    { idempotent: true, itemwise: true },
  ),
  /** What became of deltas; with `refuse`, those of which nothing is known are refused for ever (design 6.1). */
  settleDeltas: route(
    '/internal/deltas/settle',
    z.object({ delta_ids: z.array(Uuid).max(1000), refuse: z.boolean() }),
    items(DeltaOutcome),
    { idempotent: true },
  ),
  /** Provider writes committed from `since` to `until`, oldest first; `after` is the version id of the last one seen. */
  listTransforms: route(
    '/internal/transforms/list',
    z.object({ since: Timestamp, until: Timestamp, after: Uuid.optional(), limit: z.int().min(1).max(1000) }),
    items(Transform),
    { idempotent: true },
  ),
  ...blobPurgeRoutes,
} as const

/**
 * The two raw routes of blob, where bytes go without JSON: `PUT /internal/contents` (headers `studio-tenant`, body: bytes) stages
 * content and answers StagedContent; `GET /internal/contents/{hash}` (header `studio-tenant`) answers the bytes.
 */
export const StagedContent = z.object({ hash: Sha256, size: z.int().min(0) })
export type StagedContent = z.infer<typeof StagedContent>
