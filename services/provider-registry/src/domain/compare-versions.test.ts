import { compareVersions } from './compare-versions.ts'

test.each([
  ['1.0.0', '1.0.0', 0],
  ['1.0.9', '1.0.10', -1],
  ['2.0.0', '1.9.9', 1],
  ['1.0.0+model', '1.0.0', 0],
])('%s against %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign)
})
