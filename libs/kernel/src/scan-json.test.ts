import fc from 'fast-check'
import { scanJson } from './scan-json.ts'

test('a scan agrees with the parsed value', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) =>
      expect(scanJson(JSON.stringify(value))).toMatchObject({ depth: depthOf(value), losesNumber: false }),
    ),
  )
})

test.each([
  ['{"a\\"{[:1e400":"\\\\"}', { depth: 1, members: 1, losesNumber: false }],
  ['{"abc\\', { depth: 1, members: 0, losesNumber: false }],
  ['[{"a":1e400}]', { depth: 2, members: 1, losesNumber: true }],
])('%s', (text, scan) => expect(scanJson(text)).toEqual(scan))
