import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
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

interface EnvelopeContent {
  content?: string | undefined
  text?: string | undefined
  content_id?: string | undefined
}

/** The one content that an envelope gives, or null where it gives none. */
export async function contentOfEnvelope(
  context: Context,
  principal: Principal,
  envelope: EnvelopeContent,
): Promise<Content | null> {
  const { content, text, content_id } = envelope
  if ([content, text, content_id].filter((given) => given !== undefined).length > 1) {
    throw refused('', 'must have only one of content, text and content_id')
  }
  if (content_id !== undefined) return { hash: content_id }
  if (text !== undefined) {
    if (!text.isWellFormed()) throw refused('/text', 'must be well-formed Unicode')
    return keep(context, principal, Buffer.from(text))
  }
  if (content === undefined) return null
  const bytes = Buffer.from(content, 'base64')
  // Node's decoder skips what is not base64; only what comes back the same was base64.
  if (bytes.toString('base64') !== content)
    throw refused('/content', 'must be base64 (RFC 4648 section 4, with padding)')
  return keep(context, principal, bytes)
}

/** The whole body as content. A large one, or one of unknown length, goes through to blob as it comes in. */
export async function contentOfBody(context: Context, principal: Principal, request: Request): Promise<Content> {
  const { content: limit, inline } = context.limits
  const length = request.headers['content-length']
  if (length !== undefined && (Number(length) <= inline || Number(length) > limit)) {
    return { base64: (await readBody(request, limit)).toString('base64') }
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new StudioError('unsupported_media_type', 'Send the body without Content-Encoding.')
  }
  return stage(context, principal, Readable.from(atMost(request, limit)))
}

async function keep(context: Context, principal: Principal, bytes: Buffer): Promise<Content> {
  if (bytes.length > context.limits.content) throw tooLarge(context.limits.content)
  return bytes.length <= context.limits.inline ? { base64: bytes.toString('base64') } : stage(context, principal, bytes)
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
  const content = await context.blob.one('readContents', { tenant_id, hash })
  if (!content) throw blobNotFound()
  return Buffer.from(content.base64, 'base64')
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
  if (request.method === 'HEAD') {
    response.writeHead(200, headers).end()
  } else if (stored.size <= context.limits.inline) {
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
