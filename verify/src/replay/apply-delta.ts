import type { Operation } from 'rfc6902'
import { applyJsonPatch } from './json-patch.ts'
import { mergePatch } from './merge-patch.ts'
import { applyTextDelta } from './text-delta.ts'

/** The bytes that a recorded patch makes of the version before it. Throws where it cannot be applied. */
export function applyDelta(format: string, base: Buffer, patch: unknown): Buffer {
  switch (format) {
    case 'json-patch':
      return serialise(applyJsonPatch(parse(base), patch as Operation[]))
    case 'merge-patch':
      return serialise(mergePatch(parse(base), patch))
    case 'text':
      return applyTextDelta(base, patch as Parameters<typeof applyTextDelta>[1])
    default:
      throw new Error(`no deltas have the format ${format}`)
  }
}

function parse(base: Buffer): unknown {
  return JSON.parse(base.toString('utf8'))
}

/** Patched documents are written as JSON without white space (design §6.4). */
function serialise(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document), 'utf8')
}
