import type { Commit } from '@studio/contracts'

/** A commit and the hash of its content, null where it keeps the head's. */
export interface Link {
  readonly commit: Commit
  readonly content_hash: string | null
}

/** The places of a list's commits; together those that can be written in one go, in their order, as each was planned on what the one before it makes. */
export function chainsOf(links: readonly Link[]): number[][] {
  const chains: number[][] = []
  const last = new Map<string, { link: Link; chain: number[] }>()
  for (const [place, link] of links.entries()) {
    const before = last.get(link.commit.blob_id)
    const chain = before !== undefined && follows(link, before.link) ? before.chain : []
    if (chain.push(place) === 1) chains.push(chain)
    last.set(link.commit.blob_id, { link, chain })
  }
  return chains
}

function follows(link: Link, before: Link): boolean {
  return (
    changesContentOnly(before) &&
    changesContentOnly(link) &&
    link.commit.from_version === before.commit.from_version + 1 &&
    link.commit.from_hash === before.content_hash &&
    link.commit.content_type === before.commit.content_type &&
    link.commit.tenant_id === before.commit.tenant_id
  )
}

function changesContentOnly({ commit, content_hash }: Link): boolean {
  const { operation, overlay, metadata, providers, conflict_policy, publication } = commit
  return (
    operation === 'update' &&
    content_hash !== null &&
    overlay === undefined &&
    metadata === null &&
    providers === null &&
    conflict_policy === null &&
    publication === null
  )
}
