import { z } from 'zod'
import { ConfigError, parseEnv } from './environment.ts'
import { milliseconds, port } from './fields.ts'
import { serviceEnv, variables } from './variables.ts'

const schema = z.object({
  ...serviceEnv,
  DATABASE_URL: variables.DATABASE_URL,
  BLOB_URL: variables.BLOB_URL,
  STUDIO_SWEEP_MS: milliseconds.default(700),
})
const good = {
  PORT: '8011',
  STUDIO_INTERNAL_TOKEN: 'a-token-that-is-long',
  DATABASE_URL: 'postgres://studio:pw@127.0.0.1:54329/studio',
  BLOB_URL: 'http://127.0.0.1:8011/',
}

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    parseEnv(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('turns strings into numbers, fills defaults in and drops what it does not know', () => {
  expect(parseEnv(schema, { ...good, HOME: '/somewhere' })).toEqual({
    PORT: 8011,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    STUDIO_INTERNAL_TOKEN: good.STUDIO_INTERNAL_TOKEN,
    DATABASE_URL: good.DATABASE_URL,
    BLOB_URL: 'http://127.0.0.1:8011',
    STUDIO_SWEEP_MS: 700,
  })
})

test('takes an empty string for an unset variable', () => {
  expect(parseEnv(schema, { ...good, HOST: '', OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toMatchObject({ HOST: '127.0.0.1' })
  expect(problemsOf({ ...good, PORT: '' })).toEqual(['PORT: is missing, for example PORT=8010'])
})

test('says for each wrong variable its name, the fault and an example', () => {
  expect(problemsOf({ ...good, PORT: '70000', STUDIO_SWEEP_MS: 'soon', LOG_LEVEL: 'loud', BLOB_URL: 'blob' })).toEqual([
    'PORT: must be a port from 0 to 65535, for example PORT=8010',
    expect.stringMatching(/^LOG_LEVEL: Invalid option.*for example LOG_LEVEL=info$/),
    'BLOB_URL: must be an http or https URL, for example BLOB_URL=http://127.0.0.1:8011',
    'STUDIO_SWEEP_MS: must be milliseconds, for example STUDIO_SWEEP_MS=5000',
  ])
})

test('never shows a value', () => {
  const problems = problemsOf({ ...good, STUDIO_INTERNAL_TOKEN: 'hush', DATABASE_URL: 'mysql://u:hush@h/d' })
  expect(problems).toHaveLength(2)
  expect(problems.join()).not.toContain('hush')
})

test('a port is a whole number', () => {
  for (const wrong of ['-1', '1.5', '0x10', '1e3', ' 1']) expect(port.safeParse(wrong).success).toBe(false)
  expect(port.parse('0')).toBe(0)
})
