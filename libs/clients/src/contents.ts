import type { blobApi } from '@studio/contracts'
import { isStudioError, StudioError } from '@studio/kernel'
import type { z } from 'zod'
import type { Client } from './client.ts'

type ContentAnswer = z.output<(typeof blobApi)['readContents']['response']>['items'][number]

/**
 * The bytes that an answer of blob's `readContents` stands for: those in it, or where it gives a size only, those of the raw route. Null for
 * content that the tenant does not have. Throws `content_purged`.
 */
export async function contentOf(
  blob: Client<typeof blobApi>,
  { tenant_id, hash }: { tenant_id: string; hash: string },
  answer: ContentAnswer | undefined,
  signal?: AbortSignal,
): Promise<Buffer | null> {
  if (!answer) return null
  if ('purged' in answer) throw contentPurged()
  return 'base64' in answer ? Buffer.from(answer.base64, 'base64') : readLargeContent(blob, { tenant_id, hash }, signal)
}

/** Bytes by the raw route, for what is large or may be so; null for content that the tenant does not have. */
export async function readLargeContent(
  blob: Client<typeof blobApi>,
  { tenant_id, hash }: { tenant_id: string; hash: string },
  signal?: AbortSignal,
): Promise<Buffer | null> {
  try {
    const headers = { 'studio-tenant': tenant_id }
    const { body } = await blob.getBytes(`/internal/contents/${hash}`, { headers, signal })
    const chunks: Buffer[] = []
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks)
  } catch (error) {
    if (isStudioError(error, 'content_not_found')) return null
    throw error
  }
}

/** What is thrown where somebody asks for content that has been purged. */
export function contentPurged(): StudioError {
  return new StudioError(
    'content_purged',
    'It was erased with the blob that it belonged to, or was made from, and cannot come back.',
  )
}
