import type { SourceHead } from './ports.ts'

/** A source's node as events and blob itself tell of it. */
export function sourceHead(told: Omit<SourceHead, 'state'>, state: SourceHead['state']): SourceHead {
  const { blob_id, user_id, created_by, providers, parent_id, root_id, depth } = told
  const { version, content_hash, content_type, size, publication } = told
  return {
    blob_id,
    user_id,
    created_by,
    providers,
    parent_id,
    root_id,
    depth,
    version,
    content_hash,
    content_type,
    size,
    state,
    publication,
  }
}
