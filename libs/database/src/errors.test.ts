import { isUniqueViolation, postgresCode, toStudioError } from './errors.ts'

const unique = Object.assign(new Error('duplicate key'), {
  code: '23505',
  severity: 'ERROR',
  constraint: 'version_number_key',
})

test('a unique violation is found by its constraint, also as a cause', () => {
  expect(isUniqueViolation(unique)).toBe(true)
  expect(isUniqueViolation(unique, 'version_number_key')).toBe(true)
  expect(isUniqueViolation(unique, 'other_key')).toBe(false)
  expect(isUniqueViolation(new Error('wrapped', { cause: unique }))).toBe(true)
  expect(isUniqueViolation({ code: '23505' })).toBe(false)
  expect(postgresCode(undefined)).toBeUndefined()
})

test('a lost database and a late statement become errors of the catalogue, others stay', () => {
  const codeOf = (error: unknown) => (toStudioError(error) as { code?: string }).code
  expect(codeOf(Object.assign(new Error(), { code: 'ECONNREFUSED' }))).toBe('dependency_unavailable')
  expect(codeOf(new AggregateError([Object.assign(new Error(), { code: 'ECONNREFUSED' })]))).toBe(
    'dependency_unavailable',
  )
  expect(codeOf(Object.assign(new Error(), { code: '57P01', severity: 'FATAL' }))).toBe('dependency_unavailable')
  expect(codeOf(new Error('Connection terminated unexpectedly'))).toBe('dependency_unavailable')
  expect(codeOf(Object.assign(new Error(), { code: '57014', severity: 'ERROR' }))).toBe('timeout')
  expect(toStudioError(unique)).toBe(unique)
})
