import { diagnose } from './diagnosis.ts'

test.each([
  ['it ended with exit code 78 before it was ready', ['PORT: must be a port'], /setting/, /variable/],
  [
    'it ended with exit code 1 before it was ready',
    ['Error: listen EADDRINUSE: address already in use'],
    /port/,
    /npm start/,
  ],
  ['not ready after 60 s (HTTP 503)', [], /slow/, /npm start/],
  ['postgres: the data folder was made by PostgreSQL 15, this is 18', [], /version/, /npm run reset/],
])('%s', (message, tail, cause, mend) => {
  const diagnosis = diagnose(message, tail, 'x.log')
  expect(diagnosis.cause).toMatch(cause)
  expect(diagnosis.mend).toMatch(mend)
})

test('names the log where nothing known is found', () => {
  expect(diagnose('it ended with exit code 3', ['42'], '/data/logs/dag.log').mend).toContain('/data/logs/dag.log')
})
