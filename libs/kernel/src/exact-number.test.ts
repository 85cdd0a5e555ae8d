import fc from 'fast-check'
import { survivesAsDouble } from './exact-number.ts'

test.each([
  '0',
  '-0',
  '1',
  '1.0',
  '0.1',
  '1e2',
  '100',
  '1.50',
  '123456789012345',
  '9007199254740992',
  '1E+2',
  '5e-324',
  '1e308',
  '0.000001',
  '1e21',
  '123456789012345680000',
  '1e-7',
  '0e999',
])('%s keeps its value', (token) => expect(survivesAsDouble(token)).toBe(true))

test.each([
  '9007199254740993',
  '1e400',
  '-1e400',
  '1e-400',
  '0.1000000000000000055',
  '12345678901234567890',
  '0.30000000000000000001',
])('%s does not', (token) => expect(survivesAsDouble(token)).toBe(false))

test('every double as JavaScript writes it keeps its value', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
      expect(survivesAsDouble(JSON.stringify(value))).toBe(true),
    ),
  )
})
