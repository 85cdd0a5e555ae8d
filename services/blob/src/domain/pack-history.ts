import { workingTime, type Traffic } from './packing-pace.ts'

/** A version that was made, with the content of the version before it where that may be packed now. Sizes in bytes, raw and as it is kept. */
export type Superseded = { version_id: string } & (
  | { hash: null }
  | { tenant_id: string; blob_id: string; version: number; hash: string; size: number; stored_size: number }
)
export type Packable = Exclude<Superseded, { hash: null }>

/** A whole content, its bytes as it is kept, and how many patches rest on it. */
export interface Base {
  hash: string
  stored_size: number
  patches: number
}

/** Raw sizes in bytes, within which contents are packed. */
interface PackingLimits {
  smallest: number
  largest: number
}

export interface HistoryStore {
  /** Who writes, and what is left to do. */
  readTraffic(): Promise<Traffic>
  /** Hands the packer's place to `work`, the last version looked at, and keeps the one that it answers; false where another process holds it. */
  movePackCursor(work: (after: string) => Promise<string>): Promise<boolean>
  /** The versions after a place that were made before a time, oldest first. */
  findSuperseded(asked: PackingLimits & { after: string; before: Date; limit: number }): Promise<Superseded[]>
  /** The contents that this one may rest on, best first. */
  findBases(superseded: Packable, largest: number): Promise<Base[]>
  /** What has to be known beside the base to have the content; null where that cannot be written. */
  makePatch(superseded: Packable, base: Base): Promise<Buffer | null>
  /** Keeps the content as that patch; false where it may not be any more. */
  packContent(packed: { tenant_id: string; hash: string; base_hash: string; patch: Buffer }): Promise<boolean>
}

const limits: PackingLimits = { smallest: 256, largest: 16 * 1024 * 1024 }
/** What a patch's row takes more than one of whole content: the hash of its base, twice, and a new version of the row. */
const rowBytes = 128
/** Ids are made a little before their versions are seen; one that comes later than this stays whole. */
const settledMs = 10_000
/** What is done while the place is held: some seconds at most. */
const window = { versions: 500, bytes: 32 * 1024 * 1024 } as const

/** A round of the packer. */
export interface Round {
  /** The time, which goes on while the round works. */
  clock: () => Date
  /** Milliseconds from the beginning of a round to that of the next. */
  roundMs: number
  signal: AbortSignal
}

/**
 * Packs what versions made up to 10 s before now have left behind, as long as writers leave it the time (`workingTime`); answers how many contents,
 * and the bytes that they take less.
 */
export async function packHistory(
  store: HistoryStore,
  { clock, roundMs, signal }: Round,
): Promise<{ packed: number; saved: number }> {
  const began = clock()
  const before = new Date(began.getTime() - settledMs)
  const mayGoOn = async (): Promise<boolean> => {
    if (signal.aborted) return false
    const allowed = workingTime(await store.readTraffic(), clock(), roundMs)
    return clock().getTime() - began.getTime() < allowed
  }
  const total = { packed: 0, saved: 0 }
  for (let isMore = true; isMore && (await mayGoOn());) {
    isMore = false
    await store.movePackCursor(async (after) => {
      const found = await store.findSuperseded({ ...limits, after, before, limit: window.versions })
      let last = after
      let bytes = 0
      for (const version of found) {
        if (bytes > window.bytes) break
        if (version.hash !== null) {
          // A cascade may begin at any time.
          if (!(await mayGoOn())) break
          const saved = await packOne(store, version)
          bytes += version.size
          total.saved += saved
          if (saved > 0) total.packed++
        }
        last = version.version_id
      }
      isMore = found.length === window.versions || last !== (found.at(-1)?.version_id ?? after)
      return last
    })
  }
  return total
}

/** Answers the bytes saved; 0 where the content stays whole, as a snapshot for those that come. */
async function packOne(store: HistoryStore, superseded: Packable): Promise<number> {
  for (const base of await store.findBases(superseded, limits.largest)) {
    const patch = await store.makePatch(superseded, base)
    if (patch === null || isNextSnapshotDue(base, patch.length)) continue
    const saved = superseded.stored_size - patch.length - rowBytes
    if (saved <= 0) continue
    const { tenant_id, hash } = superseded
    if (await store.packContent({ tenant_id, hash, base_hash: base.hash, patch })) return saved
  }
  return 0
}

/**
 * Whether a snapshot has done its service: the patches on it take as many bytes as itself. Patches on one snapshot grow with every edit between
 * (the n-th is n edits long, all n together half of n times the last), so this is where snapshots and patches together take least.
 */
function isNextSnapshotDue({ stored_size, patches }: Base, patchSize: number): boolean {
  return ((patches + 1) * patchSize) / 2 > stored_size
}
