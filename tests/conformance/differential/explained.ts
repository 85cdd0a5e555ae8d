import type { Json } from '@studio/contracts'
import type { Disagreement } from './compare-peers.ts'
import type { PeerName } from './peers.ts'
import { isItem, isScalar, memberOf, mentionsInheritedName, pointersOf, stepsTo } from './places.ts'

/** A known fault of a peer. */
export interface Explanation {
  readonly peer: PeerName
  /** The section that the peer is at odds with. */
  readonly rule: string
  readonly fault: string
  /** A smallest case, on which a test holds the peer to its fault: an explanation that is not needed any more fails. */
  readonly example: { readonly document: Json; readonly operation: Json }
  readonly covers: (disagreement: Disagreement) => boolean
}

export const explained: readonly Explanation[] = [
  {
    peer: 'fast-json-patch',
    rule: 'RFC 6901 section 3 (syntax)',
    fault: 'takes a `from` that does not begin with a slash, and a ~ that is followed by neither 0 nor 1',
    example: { document: {}, operation: { op: 'add', path: '/~2', value: 1 } },
    covers: hasBadPointer,
  },
  {
    peer: 'fast-json-patch',
    rule: 'RFC 6901 section 4 (a scalar has nothing below it)',
    fault: 'looks into a root that is a scalar, and into any where it moves or copies to the root',
    example: { document: '', operation: { op: 'remove', path: '/1' } },
    covers: (disagreement) => isAccepted(disagreement) && looksIntoAScalar(disagreement),
  },
  {
    peer: 'fast-json-patch',
    rule: 'RFC 6901 section 4 (array-index)',
    fault: 'reads an index with leading zeros, lets one of 2^31 and more wrap around, and copies from `length`',
    example: { document: [7], operation: { op: 'add', path: '/00', value: 8 } },
    covers: (disagreement) =>
      isAccepted(disagreement) &&
      (missesAnItem(disagreement, 'from') ||
        (missesAnItem(disagreement, 'path') && !isOneOf(disagreement, 'move', 'copy'))),
  },
  {
    peer: 'fast-json-patch',
    rule: 'RFC 6902 section 4.1, by sections 4.4 and 4.5',
    fault:
      'does not check the place to which move and copy add: behind the end of an array it appends, a name it sets on the array',
    example: { document: [7, 8], operation: { op: 'copy', from: '/0', path: '/3' } },
    covers: (disagreement) =>
      isAccepted(disagreement) && isOneOf(disagreement, 'move', 'copy') && missesAnItem(disagreement, 'path'),
  },
  {
    peer: 'fast-json-patch',
    rule: 'RFC 6902 section 4.4 (from must not be a proper prefix of path)',
    fault: 'moves an item of an array into its own child, which by then is the next item',
    example: { document: [{ a: 1 }, { b: 2 }], operation: { op: 'move', from: '/0', path: '/0/a' } },
    covers: movesIntoItself,
  },
  {
    peer: 'fast-json-patch',
    rule: 'RFC 6902 section 4.4 (a remove, followed by an add)',
    fault: 'looks at the target of a move before it removes: an index behind the removed item means the wrong one',
    example: { document: [7, {}, 8], operation: { op: 'move', from: '/0', path: '/1/a' } },
    covers: removesBesideThePath,
  },
  {
    peer: 'fast-json-patch',
    rule: 'RFC 8259 section 4 (a name is any string)',
    fault: 'refuses `__proto__` and `constructor/prototype`, and finds members that objects only inherit',
    example: { document: {}, operation: { op: 'copy', from: '/toString', path: '/a' } },
    covers: ({ document, operation }) => mentionsInheritedName(document, operation),
  },
  {
    peer: 'rfc6902',
    rule: 'RFC 6901 section 3 (syntax)',
    fault: 'takes a ~ that is followed by neither 0 nor 1',
    example: { document: {}, operation: { op: 'add', path: '/~2', value: 1 } },
    covers: hasBadPointer,
  },
  {
    peer: 'rfc6902',
    rule: 'RFC 6901 section 4 (array-index), RFC 6902 section 4.1 by sections 4.4 and 4.5',
    fault: 'checks indices where it adds only: elsewhere it takes what parseInt makes of a token, `length`, or the end',
    example: { document: [7, 8], operation: { op: 'replace', path: '/1e0', value: 9 } },
    covers: (disagreement) =>
      isAccepted(disagreement) &&
      !isOneOf(disagreement, 'add') &&
      (missesAnItem(disagreement, 'from') || missesAnItem(disagreement, 'path')),
  },
  {
    peer: 'rfc6902',
    rule: 'RFC 6901 section 4 (a scalar has nothing below it)',
    fault: 'finds the characters of a string, and its length',
    example: { document: { a: 'text' }, operation: { op: 'copy', from: '/a/0', path: '/b' } },
    covers: (disagreement) => isAccepted(disagreement) && looksIntoAScalar(disagreement),
  },
  {
    peer: 'rfc6902',
    rule: 'RFC 6902 section 4.4 (a remove, followed by an add)',
    fault: 'looks up the target of a move before it removes: an index behind the removed item means the wrong one',
    example: { document: [7, {}, 8], operation: { op: 'move', from: '/0', path: '/1/a' } },
    covers: removesBesideThePath,
  },
  {
    peer: 'rfc6902',
    rule: 'RFC 8259 section 4 (a name is any string)',
    fault: 'skips the tokens `__proto__`, `constructor` and `prototype`, and finds members that objects only inherit',
    example: { document: { constructor: 1 }, operation: { op: 'test', path: '/constructor', value: 1 } },
    covers: ({ document, operation }) => mentionsInheritedName(document, operation),
  },
]

/** The first explanation of a disagreement, undefined where there is none. */
export function explanationOf(disagreement: Disagreement): Explanation | undefined {
  return explained.find(({ peer, covers }) => peer === disagreement.peer && covers(disagreement))
}

/** Whether the peer took what the RFC refuses. */
function isAccepted({ right, theirs }: Disagreement): boolean {
  return 'code' in right && theirs !== undefined
}

function isOneOf({ operation }: Disagreement, ...names: string[]): boolean {
  return names.some((name) => name === memberOf(operation, 'op'))
}

function hasBadPointer(disagreement: Disagreement): boolean {
  return (
    isAccepted(disagreement) && pointersOf(disagreement.operation).some((pointer) => /^[^/]|~(?![01])/.test(pointer))
  )
}

function movesIntoItself(disagreement: Disagreement): boolean {
  const [path, from] = pointersOf(disagreement.operation)
  return isAccepted(disagreement) && isOneOf(disagreement, 'move') && path?.startsWith(`${from}/`) === true
}

/** Whether a pointer asks an array for an item that it does not have. */
function missesAnItem({ document, operation }: Disagreement, member: 'path' | 'from'): boolean {
  const pointer = memberOf(operation, member)
  return (
    typeof pointer === 'string' &&
    stepsTo(document, pointer).some((step) => Array.isArray(step.parent) && !isItem(step))
  )
}

function looksIntoAScalar({ document, operation }: Disagreement): boolean {
  return pointersOf(operation).some((pointer) => stepsTo(document, pointer).some(({ parent }) => isScalar(parent)))
}

/** Whether a move takes an item from an array through which its `path` leads too. */
function removesBesideThePath(disagreement: Disagreement): boolean {
  const { document, operation } = disagreement
  const [path, from] = pointersOf(operation).map((pointer) => stepsTo(document, pointer).map(({ parent }) => parent))
  const home = from?.at(-1)
  return isOneOf(disagreement, 'move') && Array.isArray(home) && path?.includes(home) === true
}
