import { Metadata } from '@studio/contracts'
import { validate } from '@studio/http'
import { jsonExtent, parseStrictJson } from '@studio/kernel'
import type { Request } from 'express'
import type { Context } from '../context.ts'
import { faultAt } from '../domain/fault-at.ts'
import { checkStorable, refused } from '../domain/json-text.ts'

/** The metadata of a raw upload: JSON in the header `Studio-Metadata` (UTF-8); undefined where there is none. */
export function metadataOfHeader(context: Context, request: Request): Metadata | undefined {
  const header = request.headers['studio-metadata']
  if (typeof header !== 'string') return undefined
  try {
    // Node hands out header bytes as Latin-1.
    return checkMetadata(context, validate(Metadata, parseStrictJson(Buffer.from(header, 'latin1'))), '')
  } catch (error) {
    throw faultAt('Studio-Metadata', error)
  }
}

export function checkMetadata(context: Context, metadata: Metadata, pointer = '/metadata'): Metadata {
  checkStorable(metadata, pointer, context.limits.metadata)
  if (jsonExtent(metadata) > context.limits.metadataExtent)
    throw refused(
      pointer,
      `must have at most ${context.limits.metadataExtent} members, objects and lists; what is larger is content`,
    )
  return metadata
}
