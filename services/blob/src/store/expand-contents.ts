import { StudioError } from '@studio/kernel'
import { decodeContent, hashOf } from './content-encoding.ts'

/** A row of `content`. `base_hash` is set for a patch. */
export interface ContentRow {
  tenant_id: string
  hash: string
  size: number
  encoding: number
  base_hash: string | null
  bytes: Buffer
}

/** So many patches, of contents of at most so many bytes, take less time on this thread than by going to another one. */
const inlineLimits = { patches: 64, size: 65_536 } as const

export const contentKey = (tenantId: string, hash: string): string => `${tenantId.toLowerCase()}/${hash}`

/**
 * The raw bytes of these contents, by `contentKey`, out of rows that hold them and the bases of their patches. Each is checked against its hash.
 *
 * @throws `internal_error` with the hash, when the bytes are not those that were written.
 */
export async function expandContents(
  rows: readonly ContentRow[],
  wanted: ReadonlySet<string>,
): Promise<Map<string, Buffer>> {
  const byKey = new Map(rows.map((row) => [contentKey(row.tenant_id, row.hash), row]))
  const patches = rows.filter(({ base_hash }) => base_hash !== null).length
  const bases = new Map<string, Promise<Buffer>>()

  /** Several patches may rest on one base. */
  const baseOf = ({ tenant_id, base_hash }: ContentRow): Promise<Buffer> | null => {
    if (base_hash === null) return null
    const key = contentKey(tenant_id, base_hash)
    const row = byKey.get(key)
    // Only whole content is a base, by the statement that makes patches.
    if (!row || row.base_hash !== null) throw new TypeError('a patch without a base')
    const known = bases.get(key) ?? decodeContent(row, null, false)
    bases.set(key, known)
    return known
  }
  const expand = async (row: ContentRow): Promise<Buffer> => {
    const inline = patches <= inlineLimits.patches && row.size <= inlineLimits.size
    const bytes = await decodeContent(row, await baseOf(row), inline)
    if ((await hashOf(bytes)) !== row.hash) throw new TypeError('other bytes than were written')
    return bytes
  }
  return new Map(
    await Promise.all(
      [...byKey]
        .filter(([key]) => wanted.has(key))
        .map(async ([key, row]): Promise<[string, Buffer]> => {
          const bytes = await expand(row).catch((cause: unknown) => damaged(row.hash, cause))
          return [key, bytes]
        }),
    ),
  )
}

function damaged(hash: string, cause: unknown): never {
  throw new StudioError('internal_error', `The bytes of content ${hash} are damaged; restore them from a backup.`, {
    cause,
  })
}
