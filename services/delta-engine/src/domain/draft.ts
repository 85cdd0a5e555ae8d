import type { Blob, Overlay } from '@studio/contracts'
import type { PlannedChange } from './plan-content.ts'
import type { Work } from './work.ts'

/** Stands for the id of a version that is not committed yet. */
const unmade = '00000000-0000-0000-0000-000000000000'

/** The head that a planned change makes, for those that are planned on it before it is committed. */
export function draftOf({ submission: { item }, head }: Work, plan: PlannedChange, overlay: Overlay | null): Blob {
  const now = new Date().toISOString()
  const { content_hash, content_type, size } = plan
  if (content_hash === null || content_type === null)
    throw new TypeError('a planned change has content, its own or that of the head')
  return {
    id: item.blob_id,
    tenant_id: item.tenant_id,
    user_id: head?.user_id ?? item.user_id,
    version: (head?.version ?? 0) + 1,
    version_id: unmade,
    content_hash,
    content_type,
    // Not known of content that is named by its hash (staged, or a side of an overlay that is taken), and that nobody looks into: it takes no patch and no diff either.
    size: size ?? 0,
    parent_id: head?.parent_id ?? null,
    root_id: head?.root_id ?? item.blob_id,
    depth: head?.depth ?? 0,
    created_by: head?.created_by ?? 'user',
    providers: item.providers ?? head?.providers ?? 'auto',
    overlay: overlay && (overlay.conflicted ? 'conflicted' : 'edited'),
    conflict_policy: item.conflict_policy ?? head?.conflict_policy ?? 'reject',
    publication: item.publication ?? head?.publication ?? 'immediate',
    metadata: item.metadata ?? head?.metadata ?? {},
    created_at: head?.created_at ?? now,
    updated_at: now,
    deleted_at: item.operation === 'delete' ? now : null,
  }
}

/** Whether a head is one that is not committed yet. */
export function isDraft(head: Blob | null): boolean {
  return head?.version_id === unmade
}
