import type { Database } from '@studio/database'
import { isStudioError } from '@studio/kernel'
import type { Base, Packable } from '../domain/pack-history.ts'
import { applyPatch, encodePatch } from './content-patch.ts'
import { readContents } from './sql/read-contents.ts'

/**
 * A patch that gives the content back when it is applied to the base. Null where zstd makes none (a base that begins as zstd's own dictionaries
 * do is taken for one), and where the bytes are damaged or have just been purged: they stay as they are, and do not keep the packer from the others.
 */
export async function makePatch(database: Database, { tenant_id, hash }: Packable, base: Base): Promise<Buffer | null> {
  const wanted = [hash, base.hash].map((one) => ({ tenant_id, hash: one }))
  const [bytes, baseBytes] = await readContents(database, wanted).catch(unlessUnreadable)
  if (!bytes || !baseBytes) return null
  try {
    const patch = await encodePatch(bytes, baseBytes)
    const again = await applyPatch(patch, baseBytes, bytes.length, false)
    return again.equals(bytes) ? patch : null
  } catch {
    return null
  }
}

function unlessUnreadable(error: unknown): [] {
  if (isStudioError(error, 'internal_error') || isStudioError(error, 'content_purged')) return []
  throw error
}
