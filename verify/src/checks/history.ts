import { sha256 } from '../digest.ts'
import type { Code } from '../findings.ts'
import { applyDelta } from '../replay/apply-delta.ts'
import type { Tenant } from '../tenant.ts'
import { readHistory, type DeltaRow, type HistoryRow, type VersionRow } from './history-rows.ts'

const emptyHash = sha256('')

/** Where the replay of one blob stands. `bytes` are there where a patch was the last to make them. */
interface Replay {
  readonly blob_id: string
  number: number
  hash: string | null
  bytes: Buffer | null
  readonly seen: Set<string>
}

/**
 * Replays the applied deltas of each blob beside its versions: dense numbers, one delta a version, each starting at the version before,
 * each version's content what the deltas give. Puts what each head must be into `heads`; answers how many versions there are.
 */
export async function checkHistory(tenant: Tenant): Promise<number> {
  let count = 0
  let replay: Replay | undefined
  let previous: HistoryRow | undefined
  for await (const row of readHistory(tenant)) {
    const { blob_id, version, delta } = row
    if (replay?.blob_id !== blob_id) replay = { blob_id, number: 0, hash: null, bytes: null, seen: new Set() }
    const report = (code: Code, expected: unknown, found: unknown): void =>
      tenant.findings.add(
        code,
        { tenant_id: tenant.id, blob_id, version: version?.number ?? delta?.to_version },
        expected,
        found,
      )

    if (version === null) report('version_missing', `a version made by ${delta?.id}`, null)
    else if (version.id === previous?.version?.id) report('delta_duplicate', previous.delta?.id, delta?.id)
    else {
      count++
      if (version.number <= replay.number) report('version_duplicate', replay.number + 1, version.number)
      else if (version.number > replay.number + 1) report('version_missing', replay.number + 1, version.number)
      if (delta === null) report('delta_missing', version.delta_id, null)
      checkVersion(version, report)
    }
    if (delta) {
      await follow(tenant, replay, delta, report)
      if (version) compare(version, delta, replay, report)
    } else if (version) Object.assign(replay, { hash: version.hash, bytes: null })
    if (version) {
      replay.number = version.number
      tenant.heads.set(blob_id, {
        version: version.number,
        version_id: version.id,
        hash: replay.hash ?? version.hash,
        content_type: delta?.content_type ?? version.content_type,
        deleted: (delta ?? version).operation === 'delete',
      })
    }
    if (replay.hash !== null) replay.seen.add(replay.hash)
    previous = row
  }
  return count
}

type Report = (code: Code, expected: unknown, found: unknown) => void

/** What can be said of a version without its delta. */
function checkVersion({ id, delta_id, hash, size, of_delta, fate, kept_size }: VersionRow, report: Report): void {
  if (of_delta > 1) report('version_duplicate', `one version of ${delta_id}`, `${of_delta} versions`)
  if (fate !== id) report('fate_wrong', id, fate)
  if (kept_size === null) report('content_missing', hash, null)
  else if (kept_size !== size) report('version_differs', { size: kept_size }, { size })
}

/** Takes the replay one delta further. What a delta gives counts, not what it says that it gives. */
async function follow(tenant: Tenant, replay: Replay, delta: DeltaRow, report: Report): Promise<void> {
  if (delta.from_version !== delta.to_version - 1)
    report('delta_chain_broken', delta.to_version - 1, delta.from_version)
  if (delta.purged) {
    // What it did is gone: whoever comes after it starts from what is kept of the version before, or has nothing to start from.
    replay.hash = delta.hash
    replay.bytes = null
    return
  }
  switch (delta.format) {
    case 'none':
      // What was deleted before it was made has a tombstone as its first version, without content.
      if (delta.operation === 'delete' && delta.from_version === 0) replay.hash = emptyHash
      break
    case 'replace':
      if (delta.operation === 'revert' && !replay.seen.has(delta.hash ?? ''))
        report('revert_unknown', 'content of an earlier version', delta.hash)
      replay.hash = delta.hash
      replay.bytes = null
      break
    default:
      await patch(tenant, replay, delta, report)
  }
  if (replay.hash !== delta.hash) report('delta_hash_wrong', replay.hash, delta.hash)
}

async function patch({ contents }: Tenant, replay: Replay, delta: DeltaRow, report: Report): Promise<void> {
  const base = replay.bytes ?? (replay.hash === null ? null : await contents.read(replay.hash))
  try {
    // A base that is damaged or gone is named where it lies; from here on the delta's word has to do.
    replay.bytes = base && applyDelta(delta.format, base, delta.patch)
    replay.hash = replay.bytes ? sha256(replay.bytes) : delta.hash
  } catch (error) {
    report('delta_not_replayable', delta.hash, String(error))
    replay.bytes = null
    replay.hash = delta.hash
  }
}

function compare(version: VersionRow, delta: DeltaRow, replay: Replay, report: Report): void {
  if (version.hash !== replay.hash) report('version_hash_wrong', replay.hash, version.hash)
  const said = factsOf(delta.id, delta.operation, delta.content_type, delta.user_id, delta.provider_id ?? 'user')
  const found = factsOf(version.delta_id, version.operation, version.content_type, version.user_id, version.created_by)
  if (JSON.stringify(said) !== JSON.stringify(found)) report('version_differs', said, found)
}

function factsOf(delta_id: string, operation: string, content_type: string | null, user_id: string, author: string) {
  return { delta_id, operation, content_type, user_id, author }
}
