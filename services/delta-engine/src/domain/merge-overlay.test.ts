import { sha256 } from '@studio/kernel'
import { defaultPatchLimits } from '@studio/deltas'
import fc from 'fast-check'
import { mergeOverlay, type MergedOverlay, type SideContent } from './merge-overlay.ts'

function side(content: string | Buffer, content_type = 'application/json'): SideContent {
  const bytes = Buffer.from(content)
  return { content_hash: sha256(bytes), content_type, bytes }
}
const json = (value: unknown): SideContent => side(JSON.stringify(value))
const text = (lines: readonly string[]): SideContent => side(lines.join('\n'), 'text/plain')
const merge3 = (base: SideContent, edited: SideContent, generated: SideContent): MergedOverlay =>
  mergeOverlay({ base, edited, generated }, defaultPatchLimits)
const held = (merged: MergedOverlay, sides: { edited: SideContent; generated: SideContent }): string =>
  Buffer.from(
    merged.outcome === 'merged'
      ? merged.bytes
      : ((merged.outcome === 'generated' ? sides.generated.bytes : sides.edited.bytes) ?? ''),
  ).toString()

type Flat = Record<string, string>
/** No member has the value of another one: two documents do not look as if one had been renamed. */
const flat = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 2 }), { maxKeys: 4 })
  .map((members): Flat => Object.fromEntries(Object.entries(members).map(([name, value]) => [name, `${name}${value}`])))

/** Member by member: whoever changed one has it; two who changed it differently are in conflict. */
function mergeFlat(base: Flat, edited: Flat, generated: Flat): Flat | 'conflicted' {
  const merged: Flat = {}
  for (const name of 'abcd') {
    const [was, theirs, ours] = [base[name], generated[name], edited[name]]
    if (was !== theirs && was !== ours && theirs !== ours) return 'conflicted'
    const value = was === theirs ? ours : theirs
    if (value !== undefined) merged[name] = value
  }
  return merged
}

describe('a user’s edit and a newer output', () => {
  it('are merged member by member, and are in conflict where both change one', () => {
    fc.assert(
      fc.property(flat, flat, flat, (base, edited, generated) => {
        const sides = { edited: json(edited), generated: json(generated) }
        const merged = merge3(json(base), sides.edited, sides.generated)
        const expected = mergeFlat(base, edited, generated)
        if (expected === 'conflicted') expect(merged).toEqual({ outcome: 'conflicted' })
        else {
          expect(merged.outcome).not.toBe('conflicted')
          expect(JSON.parse(held(merged, sides))).toEqual(expected)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('keep every line that one of them changed, where they change other lines', () => {
    const line = fc.constantFrom('one line', 'another', 'a third one')
    fc.assert(
      fc.property(fc.array(fc.tuple(line, line, fc.boolean()), { minLength: 1, maxLength: 12 }), (rows) => {
        const was = (at: number): string => `${at}: it was so.`
        const now = ([mine, , isMine]: (typeof rows)[number], at: number, forWhom: boolean): string =>
          isMine === forWhom ? `${at}: ${mine} (${forWhom ? 'user' : 'provider'})` : was(at)
        const sides = {
          edited: text(rows.map((row, at) => now(row, at, true))),
          generated: text(rows.map((row, at) => now(row, at, false))),
        }
        const merged = merge3(text(rows.map((_row, at) => was(at))), sides.edited, sides.generated)
        expect(held(merged, sides)).toBe(rows.map((row, at) => now(row, at, row[2])).join('\n'))
      }),
    )
  })

  it('stand as they are where only one of them changed anything', () => {
    const [base, other] = [text(['a']), text(['b'])]
    expect(merge3(base, other, base)).toEqual({ outcome: 'edited' })
    expect(merge3(base, base, other)).toEqual({ outcome: 'generated' })
    expect(merge3(base, other, other)).toEqual({ outcome: 'generated' })
  })

  it('are in conflict as a whole where they cannot be taken apart', () => {
    const large = 'x'.repeat(2 ** 20 + 1)
    const cases: [SideContent, SideContent, SideContent][] = [
      [side('a', 'image/png'), side('b', 'image/png'), side('c', 'image/png')],
      [text(['a', 'b']), side('a\nB', 'text/markdown'), text(['A', 'b'])],
      [text(['a', 'b']), text(['a', large]), text(['A', 'b'])],
      [side('{"a":1,"a":2}'), side('{"a":1,"b":2}'), side('{"a":1,"c":2}')],
      [{ ...text(['a']), bytes: null }, text(['b']), text(['c'])],
    ]
    for (const [base, edited, generated] of cases)
      expect(merge3(base, edited, generated)).toEqual({ outcome: 'conflicted' })
  })
})
