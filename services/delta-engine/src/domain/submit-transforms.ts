import { failpoint, isStudioError, parseContentType, StudioError, toProblem } from '@studio/kernel'
import type { CommitOutcome, SubmitTransform, TransformOutcome } from '@studio/contracts'
import { isCheckedType } from '@studio/deltas'
import { settled } from './each-alone.ts'
import { planOnEdit } from './plan-on-edit.ts'
import type { Blobs, Events, PlannedCommit, PlannedContent, Planner, Recorder, Settled } from './ports.ts'

export interface TransformPorts {
  readonly blobs: Blobs
  readonly planner: Planner
  readonly recorder: Recorder
  readonly events: Events
}

/**
 * Providers' writes, each on its own and answered in order, right after blob's commit. There is no pending row: the claim at dag is the intent, and
 * rows that a crash leaves out the sweeper writes from blob's versions. Where a user's edit stands blob says so (`overlaid`), and the write comes again with
 * the output that it follows: then it is merged.
 */
export async function submitTransforms(
  ports: TransformPorts,
  items: readonly SubmitTransform[],
): Promise<TransformOutcome[]> {
  const started = performance.now()
  const checked = await Promise.all(items.map((item) => settled(plan(ports, item))))
  const outcomes: TransformOutcome[] = []
  const committing: { item: SubmitTransform; at: number; commit: PlannedCommit }[] = []
  for (const [at, item] of items.entries()) {
    const check = checked[at]
    if (check === undefined || 'error' in check) outcomes[at] = failedWith(ports, check?.error)
    else if ('commit' in check.value) committing.push({ item, at, commit: check.value.commit })
    else outcomes[at] = check.value
  }
  const commits = committing.length === 0 ? [] : await ports.blobs.commit(committing.map(({ commit }) => commit))
  failpoint('delta.committed')
  await Promise.all(
    committing.map(async ({ item, at }, place) => {
      outcomes[at] = await conclude(ports, item, commits[place], started).catch((error: unknown) =>
        failedWith(ports, error),
      )
    }),
  )
  return outcomes
}

/** What is to be committed for a write, or its outcome where nothing is. */
async function plan(
  ports: TransformPorts,
  item: SubmitTransform,
): Promise<{ commit: PlannedCommit } | TransformOutcome> {
  const output = await checkOutput(ports, item)
  const commit = commitOf(item, output)
  if (item.from_generated === undefined || output === null) return { commit }
  const planned = await planOnEdit(ports, { ...item, from_generated: item.from_generated }, output)
  return 'status' in planned ? planned : { commit: { ...commit, ...planned } }
}

/** What a provider has written, when it fits its content type; null for a tombstone. */
async function checkOutput(
  { blobs, planner }: TransformPorts,
  { tenant_id, content, content_type, from_version }: SubmitTransform,
): Promise<PlannedContent | null> {
  const type = parseContentType(content_type)
  // A tombstone of a blob that was never made keeps a first version that somebody may still be writing from coming after it.
  if (content === null) return from_version === 0 ? { bytes: new Uint8Array() } : null
  if ('base64' in content) {
    const bytes = Buffer.from(content.base64, 'base64')
    await planner.check(type, bytes)
    return { bytes }
  }
  if (isCheckedType(type)) {
    const [bytes] = await blobs.contents([{ tenant_id, hash: content.hash, size: null }])
    if (!bytes) throw new StudioError('content_not_found', 'There is no content with this hash.')
    await planner.check(type, bytes)
  }
  return content
}

function commitOf(item: SubmitTransform, planned: PlannedContent | null): PlannedCommit {
  const {
    delta_id,
    tenant_id,
    user_id,
    blob_id,
    from_version,
    fence,
    rests_on,
    content,
    caused_by,
    parent_id,
    root_id,
    depth,
    traceparent,
  } = item
  return {
    delta_id,
    tenant_id,
    user_id,
    blob_id,
    from_version,
    from_hash: null,
    rests_on,
    fence,
    content: planned,
    caused_by,
    parent_id,
    root_id,
    depth,
    traceparent,
    operation: content === null ? 'delete' : 'transform',
    content_type: parseContentType(item.content_type),
    metadata: null,
    created_by: item.provider_id,
    providers: null,
    conflict_policy: null,
    publication: null,
    gated_since: item.gated_since,
  }
}

async function conclude(
  ports: TransformPorts,
  item: SubmitTransform,
  committed: Settled<CommitOutcome> | undefined,
  started: number,
): Promise<TransformOutcome> {
  if (committed === undefined || 'error' in committed) return failedWith(ports, committed?.error)
  const outcome = committed.value
  switch (outcome.status) {
    case 'committed':
      return applied(ports, item, outcome, started)
    case 'deleted':
      return item.content === null
        ? goneBefore(ports, item, outcome.head_version)
        : conflictAt(ports, item, outcome.head_version)
    case 'conflict':
    case 'overlaid':
      return conflictAt(ports, item, outcome.head_version)
    case 'baseless':
      return { status: 'baseless' }
    case 'missing':
      return failedWith(ports, new StudioError('blob_not_found', 'There is no blob with this id.'))
    case 'content_missing':
      return failedWith(ports, new StudioError('content_not_found', 'There is no content with this hash.'))
    case 'refused':
      return failedWith(ports, new StudioError('delta_refused', 'The write was given up before it came.'))
  }
}

/** What another try has to follow: the head, and the newest output where a user's edit stands there. */
async function conflictAt(
  { blobs }: TransformPorts,
  { tenant_id, blob_id }: SubmitTransform,
  head_version: number,
): Promise<TransformOutcome> {
  const [standing] = await blobs.overlays([{ tenant_id, blob_id }])
  return standing
    ? { status: 'conflict', head_version: standing.version, generated_hash: standing.generated.content_hash }
    : { status: 'conflict', head_version }
}

/** A tombstone where one is already: what is wanted is there, by the attempt of an earlier epoch. */
async function goneBefore(
  { blobs }: TransformPorts,
  { tenant_id, blob_id }: SubmitTransform,
  version: number,
): Promise<TransformOutcome> {
  const [tombstone] = await blobs.versions([{ tenant_id, blob_id, version }])
  if (!tombstone) throw new StudioError('version_not_found', `Version ${version} of the blob is not there.`)
  const { version_id, content_hash, content_type, size, overlay } = tombstone
  return { status: 'applied', version, version_id, content_hash, content_type, size, overlay }
}

function applied(
  ports: TransformPorts,
  item: SubmitTransform,
  outcome: CommitOutcome & { status: 'committed' },
  started: number,
): TransformOutcome {
  const { tenant_id, blob_id, user_id, provider_id, caused_by, delta_id: id } = item
  const { version, version_id, blob } = outcome
  const { content_hash, content_type, size } = blob
  const operation = item.content === null ? 'delete' : 'transform'
  const format = item.content === null ? 'none' : 'replace'
  ports.recorder.applied({
    id,
    tenant_id,
    blob_id,
    user_id,
    provider_id,
    caused_by,
    operation,
    format,
    content_hash,
    content_type,
    size,
    to_version: version,
    created_at: blob.updated_at,
    purged: false,
  })
  ports.events.applied({
    id,
    tenant_id,
    blob_id,
    operation: 'transform',
    version,
    seconds: (performance.now() - started) / 1000,
  })
  return { status: 'applied', version, version_id, content_hash, content_type, size, overlay: blob.overlay }
}

function failedWith({ events }: TransformPorts, error: unknown): TransformOutcome {
  if (!isStudioError(error)) events.fault(error)
  return { status: 'failed', problem: toProblem(error) }
}
