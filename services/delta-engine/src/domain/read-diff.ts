import type { Blob, deltaApi, DiffFormat, Json, Version } from '@studio/contracts'
import { isJsonType, isTextType, StudioError } from '@studio/kernel'
import type { z } from 'zod'
import type { Blobs } from './ports.ts'

export type DiffRequest = z.output<(typeof deltaApi)['diff']['request']>
export type DiffAnswer = z.input<(typeof deltaApi)['diff']['response']>

export interface DiffPorts {
  readonly blobs: Pick<Blobs, 'heads' | 'versions' | 'contents'>
  /** The difference of two contents; throws `diff_not_expressible`. */
  compare(
    format: DiffFormat | null,
    contentType: string,
    from: Uint8Array,
    to: Uint8Array,
  ): Promise<{ format: DiffFormat; diff: Json }>
}

/**
 * The difference of two versions of a blob, in either direction. Throws `blob_not_found`; `version_not_found` for what is no version, or
 * a deletion; `diff_not_expressible` where the contents cannot be compared in that format.
 */
export async function readDiff({ blobs, compare }: DiffPorts, request: DiffRequest): Promise<DiffAnswer> {
  const { tenant_id, blob_id, format } = request
  const [heads, [before = null, after = null]] = await Promise.all([
    blobs.heads([{ tenant_id, blob_id }]),
    blobs.versions([request.from, request.to].map((version) => ({ tenant_id, blob_id, version }))),
  ])
  const head = heads[0] ?? null
  const from = withContent(head, before, request.from)
  const to = withContent(head, after, request.to)
  const [fromBytes, toBytes] = await blobs.contents(
    [from, to].map(({ content_hash, size }) => ({ tenant_id, hash: content_hash, size })),
  )
  if (!fromBytes || !toBytes) throw new StudioError('content_not_found', 'The content of these versions is not there.')
  return { from, to, ...(await compare(format, commonType(from.content_type, to.content_type), fromBytes, toBytes)) }
}

function withContent(head: Blob | null, version: Version | null, number: number): Version {
  if (head === null) throw new StudioError('blob_not_found', 'There is no blob with this id.')
  if (version === null)
    throw new StudioError('version_not_found', `There is no version ${number}; the newest one is ${head.version}.`)
  if (version.operation === 'delete')
    throw new StudioError('version_not_found', `Version ${number} is a deletion; name one that has content.`)
  return version
}

/** What both contents are at least: bytes where one is no text, text where one is no JSON. */
function commonType(one: string, other: string): string {
  return [one, other].find((type) => !isTextType(type)) ?? [one, other].find((type) => !isJsonType(type)) ?? one
}
