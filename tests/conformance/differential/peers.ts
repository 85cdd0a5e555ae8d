import type { Json } from '@studio/contracts'
import fastJsonPatch from 'fast-json-patch'
import { applyPatch, type Operation } from 'rfc6902'

/** Another implementation of RFC 6902: applies one operation to a document that it may change; throws where it refuses. */
export type Peer = (document: Json, operation: Json) => unknown

export const peers = {
  'fast-json-patch': (document, operation) =>
    fastJsonPatch.applyPatch(document, [operation as unknown as fastJsonPatch.Operation], true).newDocument,
  // It works in place, and so cannot replace a root: the document hangs one level down, and so do the pointers.
  rfc6902: (document, operation) => {
    const outer = { document }
    const [error] = applyPatch(outer, [lowered(operation) as Operation])
    if (error) throw error
    return outer.document ?? null
  },
} as const satisfies Record<string, Peer>

export type PeerName = keyof typeof peers

function lowered(operation: Json): unknown {
  if (typeof operation !== 'object' || operation === null || Array.isArray(operation)) return operation
  return Object.fromEntries(
    Object.entries(operation).map(([name, value]) =>
      ['path', 'from'].includes(name) && typeof value === 'string' && /^(\/|$)/.test(value)
        ? [name, `/document${value}`]
        : [name, value],
    ),
  )
}
