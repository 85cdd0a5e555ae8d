import type { Purge, VersionReference } from '@studio/contracts'
import type { InputEdge } from '../ports.ts'
import type { KnownVersion, Making } from './judge-versions.ts'

/** A purge as it is carried out. `version` is the tombstone that it was asked for at; `secret` is there while it is `erasing`. */
export interface OpenPurge {
  readonly id: string
  readonly tenant_id: string
  readonly blob_id: string
  readonly version: number
  readonly secret: Buffer | null
}

/** All that a purge does to one tenant's graph while its lock is held. */
export interface PurgingTransaction {
  /** Whether the purge waits to begin. */
  isWaiting(purgeId: string): Promise<boolean>
  /** As `listEdgesBelow`, but only purged sources count as deleted: others may come back. */
  listEdgesBelow(blobIds: readonly string[]): Promise<InputEdge[]>
  /** Derived blobs that these have ever fed, at any distance, themselves excluded. */
  listFed(blobIds: readonly string[]): Promise<string[]>
  listKnown(blobIds: readonly string[]): Promise<KnownVersion[]>
  listMakings(blobIds: readonly string[]): Promise<Making[]>
  /** Takes these nodes from whoever has them, under a new epoch each; answers those whose runs were taken. */
  retake(blobIds: readonly string[]): Promise<void>
  begin(purgeId: string, blobIds: readonly string[]): Promise<void>
  addVersions(purgeId: string, versions: readonly VersionReference[]): Promise<void>
  /** Erases from all rows of the graph what the purge has taken since the last time; `blobIds` are those that it may be found at. */
  eraseRecords(purgeId: string, blobIds: readonly string[]): Promise<void>
}

/** What a purge has to take, and keep out: see `advancePurge`. */
export interface PurgeScope {
  readonly blobs: readonly string[]
  readonly versions: readonly VersionReference[]
  /** What the whole blobs have ever fed, with the epoch before which nothing may be written, and the versions that are known. */
  readonly fed: readonly { readonly blob_id: string; readonly epoch: number; readonly known: readonly number[] }[]
}

/** Where purges are kept. */
export interface Purges {
  /** Notes a purge; the one that there is for the blob stays. */
  request(wanted: { tenant_id: string; blob_id: string; version: number }): Promise<Purge>
  read(tenantId: string, purgeId: string): Promise<Purge | null>
  listOpen(limit: number): Promise<OpenPurge[]>
  readScope(purge: OpenPurge): Promise<PurgeScope>
  /** What the blob has ever fed and a user has edited. */
  listEdited(purge: OpenPurge): Promise<string[]>
  /** Forgets the key with which the pseudonyms were made. */
  finish(purgeId: string): Promise<void>
}
