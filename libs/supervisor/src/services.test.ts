import { serviceEnvironment } from './services.ts'
import { newSecrets } from './secrets.ts'
import { addressesOf, defaultPorts } from './stack.ts'

const secrets = newSecrets()
const common = { addresses: addressesOf({ ports: defaultPorts, secrets }), secrets, logLevel: 'info' }

test('a service gets its settings, the machine’s, and nothing else of the shell', () => {
  const environment = { PATH: '/bin', NODE_OPTIONS: '--inspect', AWS_SECRET_ACCESS_KEY: 'x', STUDIO_LEASE_MS: '500' }
  const env = serviceEnvironment({ ...common, name: 'dag', environment, env: { STUDIO_FAILPOINTS: 'dag.claim' } })
  expect(env).toMatchObject({
    PATH: '/bin',
    PORT: '8013',
    STUDIO_LEASE_MS: '500',
    STUDIO_FAILPOINTS: 'dag.claim',
    BLOB_URL: 'http://127.0.0.1:8011',
  })
  expect(env).not.toHaveProperty('NODE_OPTIONS')
  expect(env).not.toHaveProperty('AWS_SECRET_ACCESS_KEY')
})

test('only the gateway knows the key of the tokens, and it knows no database', () => {
  const gateway = serviceEnvironment({ ...common, name: 'gateway', environment: {} })
  const blob = serviceEnvironment({ ...common, name: 'blob', environment: {} })
  expect(gateway).toHaveProperty('STUDIO_JWT_SECRET', secrets.jwtSecret)
  expect(gateway).not.toHaveProperty('DATABASE_URL')
  expect(blob).not.toHaveProperty('STUDIO_JWT_SECRET')
  expect(blob).toHaveProperty('DATABASE_URL')
})

test('the verifier reads the database, and can call no service', () => {
  const verifier = serviceEnvironment({ ...common, name: 'verifier', environment: {} })
  expect(verifier).toHaveProperty('DATABASE_URL')
  expect(verifier).not.toHaveProperty('STUDIO_INTERNAL_TOKEN')
})
