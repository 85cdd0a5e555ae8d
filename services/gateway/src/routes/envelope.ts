import { readBody, validate } from '@studio/http'
import { isJsonType, StudioError } from '@studio/kernel'
import type { Request } from 'express'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { Envelope } from '../domain/envelope.ts'

/** An envelope whose members fit their schema; what may be large stands beside them. */
export interface ReadEnvelope<Members> extends Omit<Envelope, 'members'> {
  readonly members: Members
}

/** The JSON body of a request that may carry content. A large one is taken apart in another thread. */
export async function readEnvelope<Schema extends z.ZodType>(
  { threads, limits }: Context,
  request: Request,
  schema: Schema,
): Promise<ReadEnvelope<z.output<Schema>>> {
  const body = await readJsonBody(request, limits.envelope)
  const transfer = body.length === body.buffer.byteLength ? [body.buffer] : []
  return checkEnvelope(schema, await threads.run('parseEnvelope', [body], { weight: body.length, transfer }))
}

/** An envelope that was taken apart, its members checked. */
export function checkEnvelope<Schema extends z.ZodType>(
  schema: Schema,
  envelope: Envelope,
): ReadEnvelope<z.output<Schema>> {
  return { ...envelope, members: validate(schema, JSON.parse(envelope.members)) }
}

/** The value of a JSON body of up to `limit` bytes. A long one is judged in another thread, and only then parsed here, which is quick. */
export async function readLongJson({ threads }: Context, request: Request, limit: number): Promise<unknown> {
  const body = await readJsonBody(request, limit)
  await threads.run('checkJson', [body], { weight: body.length })
  return JSON.parse(body.toString('utf8')) as unknown
}

async function readJsonBody(request: Request, limit: number): Promise<Buffer> {
  if (!isJsonType(request.headers['content-type'] ?? 'application/json'))
    throw new StudioError('unsupported_media_type', 'Send the body as application/json.')
  return readBody(request, limit)
}
