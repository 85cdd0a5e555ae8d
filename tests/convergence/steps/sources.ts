import fc from 'fast-check'
import type { BatchResource, BlobResource } from '@studio/contracts'
import { ask, note, noteDeletion, pick, type Person, type Source } from '../person.ts'
import { someText, stepOf, type Step } from './step.ts'

const at = fc.nat(30)
const alive = (person: Person, index: number): Source | undefined =>
  pick(
    person.sources.filter(({ deleted }) => !deleted),
    index,
  )

const written = (form: Source['form'], text: string): string =>
  form === 'text' ? text : JSON.stringify({ title: text, tags: [] })

/** A text or a document that somebody writes. */
export const create = stepOf(
  'create',
  4,
  {
    form: fc.constantFrom('text' as const, 'text' as const, 'json' as const),
    text: someText,
    providers: fc.constantFrom('none', 'none', 'auto'),
  },
  async (person, { form, text: words, providers }) => {
    const text = written(form, words)
    const type = form === 'json' ? { content_type: 'application/json', conflict_policy: 'merge' } : {}
    const blob = await ask<BlobResource>(person, 'POST', '/blobs', { text, providers, ...type })
    if (!blob) return
    person.sources.push({ id: blob.id, form, version: 0, written: [], deleted: false })
    note(person, blob, text)
  },
)

/** What is written is edited, patched, reverted, deleted and brought back, alone and together. */
export const sourceSteps: fc.WeightedArbitrary<Step>[] = [
  create,
  stepOf('edit', 8, { at, text: someText, fromKnown: fc.boolean() }, async (person, { at, text: words, fromKnown }) => {
    const source = alive(person, at)
    if (!source) return
    const text = written(source.form, words)
    // On a version that somebody else has overtaken it is refused, or merged where the blob says so.
    const from = fromKnown ? { from_version: source.version } : {}
    const blob = await ask<BlobResource>(person, 'PATCH', `/blobs/${source.id}`, { text, ...from })
    if (blob) note(person, blob, source.form === 'text' ? text : undefined)
  }),
  stepOf('patch', 3, { at, word: fc.constantFrom('red', 'green', 'blue') }, async (person, { at, word }) => {
    const source = alive(person, at)
    if (!source) return
    const envelope =
      source.form === 'json'
        ? { patch: [{ op: 'add', path: '/tags/-', value: word }], from_version: source.version }
        : { patch: [{ insert: `${word} ` }], patch_type: 'application/vnd.studio.text-patch+json' }
    const blob = await ask<BlobResource>(person, 'PATCH', `/blobs/${source.id}`, envelope)
    if (blob) note(person, blob)
  }),
  stepOf('revert', 2, { at, back: fc.nat(3) }, async (person, { at, back }) => {
    const source = alive(person, at)
    if (source) await revert(person, source, back)
  }),
  stepOf('delete', 1, { at }, async (person, { at }) => {
    const source = alive(person, at)
    if (!source) return
    const blob = await ask<BlobResource>(person, 'DELETE', `/blobs/${source.id}`)
    if (blob) noteDeletion(person, source, blob)
  }),
  stepOf('restore', 2, { at }, async (person, { at }) => {
    const source = pick(
      person.sources.filter(({ deleted }) => deleted),
      at,
    )
    if (source) await revert(person, source, 0)
  }),
  stepOf(
    'batch',
    2,
    { first: at, count: fc.integer({ min: 2, max: 3 }), text: someText },
    async (person, { first, count, text: words }) => {
      const chosen = new Set(Array.from({ length: count }, (_, index) => alive(person, first + index)))
      const operations = [...chosen].flatMap((source) =>
        source ? [{ op: 'update', blob_id: source.id, text: written(source.form, words) }] : [],
      )
      if (operations.length === 0) return
      const done = await ask<BatchResource>(person, 'POST', '/batches', { operations })
      for (const [index, result] of (done?.results ?? []).entries())
        if ('blob' in result) note(person, result.blob, operations[index]?.text)
    },
  ),
]

/** Back to a version that had content, `back` such versions before the newest. */
async function revert(person: Person, source: Source, back: number): Promise<void> {
  const to_version = source.written.at(-1 - (back % source.written.length))
  const blob = await ask<BlobResource>(person, 'POST', `/blobs/${source.id}/revert`, { to_version })
  if (!blob) return
  note(person, blob)
  source.deleted = false
}
