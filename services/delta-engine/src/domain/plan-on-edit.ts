import { failpoint, sha256, StudioError } from '@studio/kernel'
import type { Blob, OverlaySide, StoredOverlay, SubmitTransform, TransformOutcome } from '@studio/contracts'
import { isMergeable } from '@studio/deltas'
import type { SideContent } from './merge-overlay.ts'
import { isSameSide, withoutSizes } from './overlay-change.ts'
import type { Blobs, PlannedCommit, PlannedContent, Planner } from './ports.ts'

interface Ports {
  readonly blobs: Blobs
  readonly planner: Planner
}

/** A write that follows an output of the overlay. */
type OnEdit = SubmitTransform & { readonly from_generated: string }

/**
 * Plans a provider's write where a user's edit stands: the blob is to hold the merge of base, edit and the new output, always of these three. While a conflict
 * is not settled the user's content stays, and only the newest output moves on. What changes nothing of what the blob holds makes no version (`kept`); that it was there keeps
 * older runs out all the same.
 * Who follows another version or output than there is hears of the ones that are (`conflict`).
 */
export async function planOnEdit(
  ports: Ports,
  item: OnEdit,
  output: PlannedContent,
): Promise<Partial<PlannedCommit> | TransformOutcome> {
  const { blobs } = ports
  const { tenant_id, blob_id, delta_id } = item
  const [[head], [standing], [before]] = await Promise.all([
    blobs.heads([{ tenant_id, blob_id }]),
    blobs.overlays([{ tenant_id, blob_id }]),
    blobs.settle([delta_id], false),
  ])
  // Committed before: blob answers it again.
  if (before?.status === 'committed') return {}
  if (!head) throw new StudioError('blob_not_found', 'There is no blob with this id.')
  if (!standing || standing.version !== item.from_version || standing.generated.content_hash !== item.from_generated)
    return conflictOf(head, standing)

  const generated = {
    content_hash: 'hash' in output ? output.hash : sha256(output.bytes),
    content_type: item.content_type,
  }
  const { conflicted, held, content } = await hold(ports, item, standing, generated, output)
  const stays = head.deleted_at === null && isSameSide(held, head)
  if ('bytes' in output) await blobs.stage(tenant_id, output.bytes)
  failpoint('delta.overlay.staged')
  if (stays) {
    const { from_version, from_generated, fence } = item
    const moved = await blobs.moveOverlay({
      tenant_id, blob_id, from_version, from_generated, fence, generated, conflicted,
    }) // prettier-ignore
    if (moved.status === 'moved') return keptAs(moved.blob)
    if (moved.status === 'conflict') {
      const [meanwhile] = await blobs.overlays([{ tenant_id, blob_id }])
      return conflictOf({ version: moved.head_version }, meanwhile)
    }
    throw new StudioError('content_not_found', 'There is no content with this hash.')
  }
  const { base, edited } = withoutSizes(standing)
  return {
    content,
    content_type: held.content_type,
    overlay: { from_generated: item.from_generated, next: { base, edited, generated, conflicted } },
  }
}

interface Holding {
  readonly conflicted: boolean
  /** What the blob is to hold, and the content of that. */
  readonly held: OverlaySide
  readonly content: PlannedContent
}

async function hold(
  ports: Ports,
  { tenant_id }: OnEdit,
  standing: StoredOverlay,
  generated: OverlaySide,
  output: PlannedContent,
): Promise<Holding> {
  const { base, edited } = standing
  const take = (side: OverlaySide, conflicted: boolean): Holding => ({
    conflicted,
    held: side,
    content: { hash: side.content_hash },
  })
  if (standing.conflicted) return take(edited, true)
  const sides = await readSides(ports.blobs, tenant_id, standing, generated, output)
  const merged = await ports.planner.mergeOverlay(sides)
  if (merged.outcome === 'merged') {
    const held = { content_hash: sha256(merged.bytes), content_type: base.content_type }
    return { conflicted: false, held, content: { bytes: merged.bytes } }
  }
  return merged.outcome === 'generated' ? take(generated, false) : take(edited, merged.outcome === 'conflicted')
}

/** The sides with their bytes, where those are of use. */
async function readSides(
  blobs: Blobs,
  tenant_id: string,
  { base, edited }: StoredOverlay,
  generated: OverlaySide,
  output: PlannedContent,
): Promise<{ base: SideContent; edited: SideContent; generated: SideContent }> {
  const { content_type } = base
  const mayMerge =
    edited.content_type === content_type &&
    generated.content_type === content_type &&
    isMergeable(content_type, base.size, edited.size, 'bytes' in output ? output.bytes.length : 0)
  const sides = [base, edited, { ...generated, size: null }]
  const bytes: (Uint8Array | null)[] = []
  if (mayMerge) {
    const wanted = 'bytes' in output ? sides.slice(0, 2) : sides
    bytes.push(...(await blobs.contents(wanted.map(({ content_hash: hash, size }) => ({ tenant_id, hash, size })))))
    if (bytes.includes(null)) throw new StudioError('content_not_found', 'There is no content with this hash.')
    if ('bytes' in output) bytes.push(output.bytes)
  }
  const [ofBase = null, ofEdited = null, ofGenerated = null] = bytes
  return {
    base: { ...base, bytes: ofBase },
    edited: { ...edited, bytes: ofEdited },
    generated: { ...generated, bytes: ofGenerated },
  }
}

function conflictOf({ version }: Pick<Blob, 'version'>, standing: StoredOverlay | null | undefined): TransformOutcome {
  return standing
    ? { status: 'conflict', head_version: standing.version, generated_hash: standing.generated.content_hash }
    : { status: 'conflict', head_version: version }
}

function keptAs({ version, version_id, content_hash, content_type, size, overlay }: Blob): TransformOutcome {
  return { status: 'kept', version, version_id, content_hash, content_type, size, overlay }
}
