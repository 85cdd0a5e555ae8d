import type { Json } from '@studio/contracts'
import { isDeepStrictEqual } from 'node:util'
import { peers, type PeerName } from './peers.ts'
import { referenceJsonPatch, type ReferenceOutcome } from './reference-json-patch.ts'

/** One operation, on one document, after which a peer is elsewhere than the RFC. */
export interface Disagreement {
  readonly peer: PeerName
  readonly document: Json
  readonly operation: Json
  /** By the letter of the RFC. */
  readonly right: ReferenceOutcome
  /** The JSON value of the peer's document; undefined where it refused, or made what is no JSON. */
  readonly theirs: Json | undefined
}

const copyOf = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json

/**
 * Takes a patch apart and gives every operation to every peer, each on the document as it should be at that point. Answers one entry for
 * every operation and peer: the disagreement, or undefined where they agree.
 */
export function judgePeers(document: Json, patch: readonly Json[]): { peer: PeerName; disagreement?: Disagreement }[] {
  let current = copyOf(document)
  return patch.flatMap((operation) => {
    const before = current
    const right = referenceJsonPatch(before, [operation])
    if ('value' in right) current = copyOf(right.value)
    return (Object.keys(peers) as PeerName[]).map((peer) => {
      const theirs = answerOf(peer, before, operation)
      const agrees = 'code' in right ? theirs === undefined : isDeepStrictEqual(theirs, copyOf(right.value))
      return agrees ? { peer } : { peer, disagreement: { peer, document: before, operation, right, theirs } }
    })
  })
}

function answerOf(peer: PeerName, document: Json, operation: Json): Json | undefined {
  try {
    return copyOf(peers[peer](copyOf(document), copyOf(operation)))
  } catch {
    return undefined
  }
}
