import type { Commit } from '@studio/contracts'
import { chainsOf, type Link } from './chains.ts'

/** A change of content of blob `a`, from a version, of which the version's number is the content's hash. */
function link(from_version: number, given: Partial<Commit> = {}): Link {
  const commit = {
    blob_id: 'a',
    tenant_id: 'tenant',
    operation: 'update',
    from_version,
    from_hash: String(from_version),
    content_type: 'text/plain',
    metadata: null,
    providers: null,
    conflict_policy: null,
    publication: null,
    ...given,
  } as Commit
  return { commit, content_hash: String(from_version + 1) }
}

describe('chainsOf', () => {
  it('chains what follows each other, whatever is between them', () => {
    const other = link(1, { blob_id: 'b' })
    expect(chainsOf([link(1), other, link(2), link(3)])).toEqual([[0, 2, 3], [1]])
  })

  it.each<[string, Partial<Commit>]>([
    ['another version', { from_version: 5 }],
    ['another content', { from_hash: 'other' }],
    ['any content', { from_hash: null }],
    ['another type', { content_type: 'text/markdown' }],
    ['metadata', { metadata: {} }],
    ['a policy', { conflict_policy: 'merge' }],
    ['a publication', { publication: 'atomic' }],
    ['triggers', { providers: 'none' }],
    ['a deletion', { operation: 'delete' }],
    ['another tenant', { tenant_id: 'other' }],
  ])('ends at %s', (_what, given) => {
    expect(chainsOf([link(1), link(2, given), link(3)])[0]).toEqual([0])
  })
})
