import type { PublishedState } from '@studio/contracts'
import type { Request, Response } from 'express'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Context } from '../context.ts'
import { namesTag } from '../domain/entity-tag.ts'

/** Heads move on: a cache has to ask again, with the entity tag. */
export const revalidate = 'private, no-cache'
/** A version never changes, but for an edit that stands in it; what is purged is gone from here only. */
export const immutable = 'private, max-age=31536000, immutable'

/** Blobs that are published together have one revision: who reads them one by one, and finds another one, has seen two states. */
export function tellRevision(response: Response, published: Pick<PublishedState, 'revision'> | null): void {
  if (published) response.setHeader('Studio-Publication', String(published.revision))
}

/** `{"data": …}`. */
export function answerData(response: Response, status: number, data: unknown): void {
  answerJson(response, status, { data })
}

/** `{"data": …}` of a resource with content, as its last member. Large content is written as JSON in another thread. */
export async function answerWithContent(
  { threads }: Context,
  response: Response,
  resource: object,
  contentType: string,
  bytes: Uint8Array,
): Promise<void> {
  const member = await threads.run('embedInWriting', [contentType, bytes], { weight: bytes.length })
  const begin = Buffer.from(`{"data":${JSON.stringify(resource).slice(0, -1)},`)
  const end = Buffer.from('}}\n')
  writeHead(response, 200, 'application/json', begin.length + member.length + end.length)
  response.write(begin)
  response.write(member)
  response.end(end)
}

/** JSON of which a service has written all but the beginning and the end: it goes through as it comes. */
export async function answerAround(
  response: Response,
  begin: string,
  { stream, length }: { readonly stream: Readable; readonly length: number },
  end: string,
): Promise<void> {
  writeHead(response, 200, 'application/json', begin.length + length + end.length)
  response.write(begin)
  await pipeline(stream, response, { end: false })
  response.end(end)
}

/** `{"data": […], "next": …}`; `next` is the cursor of the following page. */
export function answerPage(response: Response, data: readonly unknown[], next: string | number | null): void {
  answerJson(response, 200, { data, next: next === null ? null : String(next) })
}

/** Ends the request with 304 where If-None-Match names the tag; sets the headers of the answer either way. */
export function notModified(request: Request, response: Response, tag: string, cacheControl: string): boolean {
  response.setHeader('ETag', tag)
  response.setHeader('Cache-Control', cacheControl)
  if (!namesTag(request.headers['if-none-match'], tag)) return false
  response.writeHead(304).end()
  return true
}

export function answerJson(response: Response, status: number, value: unknown): void {
  // Ends like a line, so that answers in a terminal do.
  answerBody(response, status, 'application/json', `${JSON.stringify(value)}\n`)
}

export function answerBody(response: Response, status: number, contentType: string, body: string): void {
  writeHead(response, status, contentType, Buffer.byteLength(body))
  response.end(body)
}

function writeHead(response: Response, status: number, contentType: string, length: number): void {
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', revalidate)
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': length })
}
