import type { Json } from '@studio/contracts'
import fc from 'fast-check'
import { jsonValues, names } from './documents.ts'
import { referenceJsonPatch } from './reference-json-patch.ts'

type Operation = Record<string, Json>

/** How one operation is made from a document. Numbers pick among what the document has, so that a choice fits any document, and shrinks. */
interface Choice {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  readonly place: number
  readonly source: number
  readonly name: string
  readonly value: Json
  /** Whether a test states what is there, with its members in another order. */
  readonly holds: boolean
  readonly flaw: Flaw | undefined
}

/** A flaw makes of a good operation one that is wrong, or only odd. */
type Flaw = (operation: Operation) => Json

/** Tokens that are no index of any array, and tokens that are one only in some. */
const oddTokens = fc.constantFrom(
  '-',
  '01',
  '00',
  '1e0',
  '-0',
  '1.0',
  ' 1',
  '',
  'length',
  '9',
  '4294967296',
  '1'.repeat(30),
  '0',
  '1',
  '2',
)
const noPointers = fc.constantFrom('a', '~', '/~', '/~2', '/a~b', '#/a', '0')
const pointerMember = fc.constantFrom('path', 'from')
const anyMember = fc.constantFrom('op', 'path', 'from', 'value')

const wrongPlaces: fc.Arbitrary<Flaw> = fc.oneof(
  fc.tuple(pointerMember, fc.oneof(oddTokens, names)).map(([member, token]): Flaw => (operation) => ({
    ...operation,
    [member]: `${parentOf(operation[member])}/${escaped(token)}`,
  })),
  fc.tuple(pointerMember, fc.oneof(oddTokens, names)).map(([member, token]): Flaw => (operation) => ({
    ...operation,
    [member]: `${pointerOf(operation[member])}/${escaped(token)}`,
  })),
  pointerMember.map((member): Flaw => (operation) => ({ ...operation, [member]: '' })),
)

const wrongForms: fc.Arbitrary<Flaw> = fc.oneof(
  fc.tuple(pointerMember, noPointers).map(([member, text]): Flaw => (operation) => ({ ...operation, [member]: text })),
  fc.constant<Flaw>((operation) => ({
    ...operation,
    op: 'move',
    from: operation['path'] ?? '',
    path: `${pointerOf(operation['path'])}/a`,
  })),
  anyMember.map(
    (member): Flaw =>
      (operation) =>
        Object.fromEntries(Object.entries(operation).filter(([name]) => name !== member)),
  ),
  fc.tuple(anyMember, jsonValues).map(([member, value]): Flaw => (operation) => ({ ...operation, [member]: value })),
  fc.tuple(names, jsonValues).map(
    ([name, value]): Flaw =>
      (operation) =>
        Object.fromEntries([...Object.entries(operation), [name, value]]),
  ),
  fc.constantFrom('ADD', 'spam', 'toString', '').map((op): Flaw => (operation) => ({ ...operation, op })),
  jsonValues.map(
    (value): Flaw =>
      () =>
        value,
  ),
)

const choices: fc.Arbitrary<Choice> = fc.record<Choice>({
  op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
  place: fc.nat(1000),
  source: fc.nat(1000),
  name: names,
  value: jsonValues,
  holds: fc.integer({ min: 0, max: 9 }).map((roll) => roll > 0),
  flaw: fc.oneof(
    { weight: 60, arbitrary: fc.constant(undefined) },
    { weight: 5, arbitrary: wrongPlaces },
    { weight: 1, arbitrary: wrongForms },
  ),
})

/** What patches are made from: see `patchFor`. */
export const patchChoices = fc.array(choices, { maxLength: 8 })

/** A patch for a document: each operation is made for the document as those before it leave it. */
export function patchFor(document: Json, picked: readonly Choice[]): Json[] {
  const patch: Json[] = []
  let current = document
  for (const choice of picked) {
    const good = operationOn(current, choice)
    const operation = choice.flaw ? choice.flaw(good) : good
    patch.push(operation)
    const outcome = referenceJsonPatch(current, [operation])
    if ('value' in outcome) current = outcome.value
  }
  return patch
}

function operationOn(document: Json, { op, place, source, name, value, holds }: Choice): Operation {
  const existing = placesOf(document)
  const target = pick(existing, place)
  const from = pick(existing, source)
  // New places only where something may be added: beside what is there, and behind the end.
  const open = pick([...existing, ...openPlacesOf(document, name)], place).pointer
  switch (op) {
    case 'add':
      return { op, path: open, value }
    case 'remove':
      return { op, path: target.pointer }
    case 'replace':
      return { op, path: target.pointer, value }
    case 'test':
      return { op, path: target.pointer, value: holds ? reversed(target.value) : value }
    default:
      return { op, from: from.pointer, path: open }
  }
}

interface Place {
  readonly pointer: string
  readonly value: Json
}

/** All places of a document, the root last, so that it is picked no more often than any other. */
function placesOf(value: Json, pointer = ''): Place[] {
  const children = typeof value === 'object' && value !== null ? Object.entries(value as Record<string, Json>) : []
  return [...children.flatMap(([token, child]) => placesOf(child, `${pointer}/${escaped(token)}`)), { pointer, value }]
}

function openPlacesOf(document: Json, name: string): Place[] {
  return placesOf(document).flatMap(({ pointer, value }) => {
    if (typeof value !== 'object' || value === null) return []
    const tokens = Array.isArray(value) ? ['-', String(value.length)] : [escaped(name)]
    return tokens.map((token) => ({ pointer: `${pointer}/${token}`, value: null }))
  })
}

function pick<Item>(items: readonly Item[], index: number): Item {
  return items[index % items.length] as Item
}

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, child]) => [name, reversed(child)] as const)
      .reverse(),
  )
}

const escaped = (token: string) => token.replaceAll('~', '~0').replaceAll('/', '~1')
const pointerOf = (member: Json | undefined) => (typeof member === 'string' ? member : '')
const parentOf = (member: Json | undefined) => pointerOf(member).replace(/\/[^/]*$/, '')
