import { applyJsonPatch } from '@studio/deltas'
import fastJsonPatch from 'fast-json-patch'
import { applyPatch, type Operation } from 'rfc6902'
import type { Figure } from '../figure.ts'
import { compare } from './compare.ts'

type Document = Record<string, unknown>

/**
 * Applying a JSON Patch against fast-json-patch and rfc6902: each changes a document that was parsed for this in place. fast-json-patch as it comes ("unchecked") looks neither at operations nor whether a target is there; with its validation on it
 * does. None of them has budgets.
 */
export function apply(): Promise<Figure[]> {
  return Promise.resolve(
    Object.entries(shapes()).flatMap(([shape, { document, operations, calls }]) => {
      const texts = [JSON.stringify(document), JSON.stringify(operations)] as const
      // The patch is parsed each time too, as each is applied once: V8 remembers the pieces of a pointer that it has split before.
      const prepare = (): [Document, Operation[]] => [
        JSON.parse(texts[0]) as Document,
        JSON.parse(texts[1]) as Operation[],
      ]
      return compare(
        `apply, ${shape}`,
        [
          { name: 'studio', prepare, run: ([fresh, patch]) => applyJsonPatch(fresh as never, patch) },
          { name: 'fast-json-patch', prepare, run: ([fresh, patch]) => fastJsonPatch.applyPatch(fresh, patch, true) },
          {
            name: 'fast-json-patch, unchecked',
            prepare,
            run: ([fresh, patch]) => fastJsonPatch.applyPatch(fresh, patch),
          },
          { name: 'rfc6902', prepare, run: ([fresh, patch]) => applyPatch(fresh, patch) },
        ],
        { rounds: 31, calls },
      )
    }),
  )
}

function shapes(): Record<string, { document: Document; operations: Operation[]; calls: number }> {
  const small = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`member-${index}`, { text: 'x'.repeat(40), list: [1, 2, 3], index }]),
  )
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`wide-key-${index}`, `value ${index}`]))
  let deep: Document = { text: 'at the bottom', list: [1, 2, 3] }
  for (let level = 0; level < 60; level++) deep = { level, next: deep }
  const bottom = '/next'.repeat(60)
  return {
    small: {
      document: small,
      operations: [
        { op: 'replace', path: '/member-3/text', value: 'y'.repeat(40) },
        { op: 'add', path: '/member-7/list/-', value: 4 },
        { op: 'test', path: '/member-5/index', value: 5 },
        { op: 'add', path: '/member-8/more', value: { list: [1, 2] } },
        { op: 'remove', path: '/member-9/index' },
      ],
      calls: 500,
    },
    'wide (10,000 keys)': {
      document: wide,
      operations: Array.from({ length: 10 }, (_, index): Operation[] => [
        { op: 'replace', path: `/wide-key-${index * 997}`, value: 'other' },
        { op: 'add', path: `/wide-new-${index}`, value: index },
      ]).flat(),
      calls: 10,
    },
    'deep (60 levels)': {
      document: deep,
      operations: [
        { op: 'replace', path: `${bottom}/text`, value: 'changed' },
        { op: 'add', path: `${bottom}/list/1`, value: 7 },
        { op: 'test', path: `${bottom}/list/0`, value: 1 },
        { op: 'remove', path: `${bottom}/list/0` },
      ],
      calls: 500,
    },
  }
}
