import { computeDiff, diffJson } from '@studio/deltas'
import { create } from 'jsondiffpatch'
import { createPatch } from 'rfc6902'
import type { Figure } from '../figure.ts'
import { compare } from './compare.ts'

type Document = Record<string, unknown>
interface Item extends Document {
  id: number
}

const mebibyte = 1_048_576

/**
 * Finding the difference of edited JSON documents against rfc6902 (with as small arrays as it needs) and jsondiffpatch (with ids to know
 * items by), each from documents that were parsed for this; then `computeDiff`, the whole way from bytes to a delta that was applied
 * and compared, and the longest that it takes at the input limit of 16 MiB.
 */
export function diff(): Promise<Figure[]> {
  return Promise.resolve([
    ...Object.entries(shapes()).flatMap(([shape, edit]) => against(shape, edit)),
    ...atTheLimit(),
  ])
}

function against(shape: string, { from, to, calls }: { from: Document; to: Document; calls: number }): Figure[] {
  const texts = [JSON.stringify(from), JSON.stringify(to)] as const
  const [base, next] = [Buffer.from(texts[0]), Buffer.from(texts[1])]
  const prepare = () => texts.map((text) => JSON.parse(text) as Document) as [Document, Document]
  const jsondiffpatch = create({ objectHash: (item) => String((item as Item).id) })
  const size = { rounds: 21, calls }
  const [whole] = compare(
    `diff, ${shape}`,
    [
      {
        name: 'from bytes to a checked delta',
        prepare: () => null,
        run: () => computeDiff('application/json', base, next),
      },
    ],
    size,
  )
  return [
    ...compare(
      `diff, ${shape}`,
      [
        { name: 'studio', prepare, run: ([one, other]) => diffJson(one as never, other as never) },
        { name: 'rfc6902', prepare, run: ([one, other]) => createPatch(one, other) },
        { name: 'jsondiffpatch', prepare, run: ([one, other]) => jsondiffpatch.diff(one, other) },
      ],
      size,
    ),
    ...(whole === undefined ? [] : [whole]),
  ]
}

function shapes(): Record<string, { from: Document; to: Document; calls: number }> {
  const member = (index: number) => ({ text: `some text ${index} `.repeat(4), list: [1, 2, index], index })
  const members = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`key-${at}`, member(at)]))
  const record = (id: number): Item => ({ id, name: `item ${id}`, tags: ['a', 'b'], place: { x: id, y: -id } })
  const records = Array.from({ length: 200 }, (_, at) => record(at))
  const edited = records.map((item) => (item.id % 20 === 3 ? { ...item, name: 'renamed' } : item))
  return {
    'small (20 members)': {
      from: members(20),
      to: { ...members(20), 'key-3': { ...member(3), text: 'other' }, 'key-7': { ...member(7), list: [1, 2, 7, 8] } },
      calls: 100,
    },
    'wide (3,000 members)': {
      from: members(3_000),
      to: { ...members(3_000), ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`key-${at * 131}`, at])) },
      calls: 2,
    },
    'array (200 records)': {
      from: { records },
      to: { records: [...edited.slice(0, 50), record(1_000), ...edited.slice(50, 120), ...edited.slice(121)] },
      calls: 5,
    },
  }
}

/** The longest (in processor time, as the machine is shared) of some awkward pairs at 16 MiB (text) and at the most that JSON is compared at. */
function atTheLimit(): Figure[] {
  const text = (unit: string, bytes = 16 * mebibyte) =>
    Buffer.from(unit.repeat(Math.floor(bytes / Buffer.byteLength(unit))))
  const edit = (content: Buffer, ...places: number[]) => {
    const edited = Buffer.from(content)
    for (const place of places) edited.write('#', Math.floor(place * (content.length - 1)))
    return edited
  }
  const lines = text('a line of some text, as there are many\n')
  const items = (unit: string) => Buffer.from(`[${unit.repeat(Math.floor(mebibyte / 2 / unit.length) - 1)}0]`)
  // Every other line has another word in it.
  function alternating(lines: number): [Buffer, Buffer] {
    const of = (word: string) =>
      Array.from({ length: lines }, (_, at) => `line ${at} ${at % 2 === 0 ? 'stays' : word} here\n`).join('')
    return [Buffer.from(of('was')), Buffer.from(of('is'))]
  }
  const pairs: [type: string, base: Buffer, next: Buffer][] = [
    ['text/plain', lines, edit(lines, 0.5)],
    ['text/plain', lines, edit(lines, 0, 1)],
    ['text/plain', lines, text('another line\n')],
    ['text/plain', text('\n'), text('\r\n')],
    ['text/plain', text('a', 15 * mebibyte), text('a')],
    ['text/plain', text('😀é\n'), text('é😀\n')],
    ['text/plain', text('ab\n', mebibyte / 8), text('b a\n', mebibyte / 8)],
    ['text/plain', ...alternating(24_000)],
    ['text/plain', ...alternating(8_000)],
    ['application/json', items('0,'), items('1,')],
    ['application/json', items('0,'), edit(items('1,'), 0.00001)],
    ['application/json', items('[],'), items('{},')],
    ['application/json', items('{"a":1},'), items('{"b":1},')],
    ['application/json', items('{"a":[1,2,{"b":"c"}]},'), items('{"a":[1,3,{"b":"d"}]},')],
  ]
  let [longest, most] = [0, 0]
  const held = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  for (const [type, base, next] of pairs) {
    for (let time = 0; time < 3; time++) {
      const before = held()
      const start = process.threadCpuUsage()
      computeDiff(type, base, next)
      const { user, system } = process.threadCpuUsage(start)
      longest = Math.max(longest, (user + system) / 1000)
      most = Math.max(most, held() - before)
    }
  }
  return [
    { name: 'diff: the longest at the input limit', value: longest, unit: 'ms', aim: '< 100', better: 'lower' },
    {
      name: 'diff: the most memory at the input limit',
      value: most / mebibyte,
      unit: 'MB',
      aim: '< 100',
      better: 'lower',
    },
  ]
}
