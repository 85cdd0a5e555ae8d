import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { contentOf } from '@studio/clients'
import { StagedContent, type Content } from '@studio/contracts'
import { readBody } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Request, Response } from 'express'
import type { Principal } from '../auth/verify-token.ts'
import type { Context } from '../context.ts'
import { refused } from '../domain/json-text.ts'
import { entityTagOf } from '../domain/entity-tag.ts'
import { notModified } from './answer.ts'
import { blobNotFound } from './find-blob.ts'
import type { Submission } from './submit.ts'

/**
 * Where new content waits for its delta when it is large: `staged` at blob; `inline` in the change, in lists, whose bodies are not that large;
 * or `apart` beside the change, for a dry run, before which nothing may be written.
 */
export type Keeping = 'staged' | 'inline' | 'apart'

export function keepingOf({ dry_run }: { readonly dry_run: boolean }): Keeping {
  return dry_run ? 'apart' : 'staged'
}

/** Content of a change; `bytes` is content that is kept apart. */
export type GivenContent = Content | { readonly bytes: Buffer }

/** The members of a submission that put content in the place of what there is. */
export function replacement(
  content: GivenContent,
  content_type: string | undefined,
): Pick<Submission, 'change' | 'apart'> {
  const isApart = 'bytes' in content
  const change = { format: 'replace', content: isApart ? { base64: '' } : content, content_type } as const
  return { change, apart: isApart ? content.bytes : undefined }
}

/** The one content that an envelope gives, or null where it gives none. */
export async function contentOfEnvelope(
  context: Context,
  principal: Principal,
  bytes: Uint8Array | null,
  content_id: string | undefined,
  keeping: Keeping,
): Promise<GivenContent | null> {
  if (bytes !== null && content_id !== undefined)
    throw refused('', 'must have only one of content, text and content_id')
  if (content_id !== undefined) return { hash: content_id }
  return bytes && keep(context, principal, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), keeping)
}

/** The whole body as content. A large one, or one of unknown length, goes through to blob as it comes in. */
export async function contentOfBody(
  context: Context,
  principal: Principal,
  request: Request,
  keeping: Keeping,
): Promise<GivenContent> {
  const { content: limit, inline } = context.limits
  const length = request.headers['content-length']
  if (keeping !== 'staged' || (length !== undefined && (Number(length) <= inline || Number(length) > limit)))
    return keep(context, principal, await readBody(request, limit), keeping)
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new StudioError('unsupported_media_type', 'Send the body without Content-Encoding.')
  }
  return stage(context, principal, Readable.from(atMost(request, limit)))
}

async function keep(context: Context, principal: Principal, bytes: Buffer, keeping: Keeping): Promise<GivenContent> {
  if (bytes.length > context.limits.content) throw tooLarge(context.limits.content)
  if (keeping === 'inline' || bytes.length <= context.limits.inline) return { base64: bytes.toString('base64') }
  return keeping === 'apart' ? { bytes } : stage(context, principal, bytes)
}

async function stage(context: Context, { tenant_id }: Principal, bytes: Readable | Buffer): Promise<Content> {
  const staged = await context.blob
    .putBytes('/internal/contents', bytes, { headers: { 'studio-tenant': tenant_id } })
    .catch((error: unknown) => {
      // The client reports a body that broke off as a broken connection; why it did stands at the body.
      throw bytes instanceof Readable && bytes.errored ? bytes.errored : error
    })
  return { hash: StagedContent.parse(staged).hash }
}

async function* atMost(request: Request, limit: number): AsyncGenerator<Buffer> {
  let size = 0
  // The socket must outlive a refused body: the answer goes over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit)
    yield chunk
  }
}

function tooLarge(limit: number): StudioError {
  return new StudioError('body_too_large', `Content may have at most ${limit} bytes.`)
}

interface StoredContent {
  readonly version: number
  readonly content_type: string
  readonly content_hash: string
  readonly size: number
}

/** The bytes of a version, in memory. */
export async function readContent(context: Context, { tenant_id }: Principal, hash: string): Promise<Buffer> {
  const reference = { tenant_id, hash }
  const bytes = await contentOf(context.blob, reference, await context.blob.one('readContents', reference))
  if (!bytes) throw blobNotFound()
  return bytes
}

/**
 * Answers a version's bytes. They are a stranger's, served from our origin: a browser must neither guess their type nor run anything
 * in them.
 */
export async function sendContent(
  context: Context,
  principal: Principal,
  request: Request,
  response: Response,
  stored: StoredContent,
  cacheControl: string,
): Promise<void> {
  if (notModified(request, response, entityTagOf(stored), cacheControl)) return
  const headers = {
    'Content-Type': withCharset(stored.content_type),
    'Content-Length': stored.size,
    'Content-Disposition': 'attachment',
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
  }
  if (request.method === 'HEAD' && stored.size > context.limits.inline) {
    response.writeHead(200, headers).end()
  } else if (stored.size <= context.limits.inline) {
    // Of a HEAD, too: whether the content has been purged is told by reading it.
    const bytes = await readContent(context, principal, stored.content_hash)
    response.writeHead(200, headers).end(bytes)
  } else {
    const { body } = await context.blob.getBytes(`/internal/contents/${stored.content_hash}`, {
      headers: { 'studio-tenant': principal.tenant_id },
    })
    response.writeHead(200, headers)
    await pipeline(body, response)
  }
}

/** Text is kept as UTF-8 only; unless told, some browsers take it for Latin-1. */
function withCharset(contentType: string): string {
  return contentType.startsWith('text/') && !/;\s*charset=/i.test(contentType)
    ? `${contentType}; charset=utf-8`
    : contentType
}
