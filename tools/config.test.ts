import { tmpdir } from 'node:os'
import { readConfig } from './config.ts'

test('has defaults for everything', () => {
  const { ports, logLevel, dataDir } = readConfig({})
  expect(ports.services.gateway).toBe(8010)
  expect(logLevel).toBe('info')
  expect(dataDir).toMatch(/\.studio$/)
})

test('takes ports and folder from the environment', () => {
  const { ports, dataDir, secretsFile } = readConfig({
    STUDIO_GATEWAY_PORT: '8110',
    STUDIO_TEMPORAL_UI_PORT: '8333',
    STUDIO_DATA_DIR: `${tmpdir()}/a b`,
  })
  expect(ports.services.gateway).toBe(8110)
  expect(ports.temporalUi).toBe(8333)
  expect([dataDir, secretsFile]).toEqual([`${tmpdir()}/a b`, `${tmpdir()}/a b/secrets.json`])
})

test.each([
  ['STUDIO_GATEWAY_PORT', 'eighty'],
  ['STUDIO_NATS_PORT', '0'],
  ['STUDIO_POSTGRES_PORT', '70000'],
  ['STUDIO_LOG_LEVEL', 'loud'],
  ['STUDIO_DATA_DIR', `${import.meta.filename}/data`],
])('refuses %s=%s by name', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(`${name}=${value}`)
})
