import { compareVersions, fits, formatVersion, parseVersion } from './version.ts'

test.each([
  ['temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)', '1.9.1'],
  ['nats-server: v2.14.0', '2.14.0'],
  ['postgres (PostgreSQL) 18.4', '18.4.0'],
  ['postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)', '15.14.0'],
])('reads the version in %j', (text, expected) => {
  expect(formatVersion(parseVersion(text)!)).toBe(expected)
})

test('finds no version in a text without one', () => {
  expect(parseVersion('command not found')).toBeUndefined()
})

test('compares numbers, not letters', () => {
  expect(compareVersions([2, 9, 0], [2, 15, 0])).toBeLessThan(0)
})

test('a range ends before the next major version', () => {
  const range = { atLeast: [2, 11, 0], belowMajor: 3 } as const
  expect(fits([2, 10, 9], range)).toBe(false)
  expect(fits([2, 11, 0], range)).toBe(true)
  expect(fits([3, 0, 0], range)).toBe(false)
})
