import { PartFailure } from '@studio/supervisor'
import { failureText, portTakenText, readyText, runningAlreadyText } from './texts.ts'

const state = { url: 'http://127.0.0.1:8010', temporalUiUrl: 'http://127.0.0.1:8233' }

test('the block at the end names every address that a newcomer needs', () => {
  const text = readyText({ state, dataDir: '/data', logFolder: '/data/logs', seconds: 3.21 })
  for (const expected of [
    'ready after 3.2 s',
    'http://127.0.0.1:8010/api/v1',
    'http://127.0.0.1:8233',
    '/data/logs',
    'npm run -s token',
    'Ctrl-C',
  ])
    expect(text).toContain(expected)
})

test('a taken port is named with its holder and the command that mends it', () => {
  const text = portTakenText(8010, { pid: 4711, command: 'python3 -m http.server' }, 8110)
  expect(text).toContain('process 4711 (python3 -m http.server)')
  expect(text).toContain('STUDIO_GATEWAY_PORT=8110 npm start')
})

test('a failure shows its last lines, the likely cause and what to do', () => {
  const text = failureText(
    new PartFailure('blob', 'it ended with exit code 1', ['listen EADDRINUSE 8011']),
    '/data/logs/blob.log',
  )
  expect(text).toContain('│ listen EADDRINUSE 8011')
  expect(text).toMatch(/Likely cause: .*port/)
  expect(text).toContain('What to do:   npm start')
})

test('a second start says where the first one is', () => {
  const text = runningAlreadyText({ ...state, launcher: { pid: 17, started: '' }, ready: true, parts: [] })
  expect(text).toContain('process 17')
  expect(text).toContain(`${state.url}/api/v1`)
})
