import { createLogger } from '@studio/telemetry'
import { createApp, listen, runService } from '../src/index.ts'

// A service for the test of its life as a process. PORT and what it does at the end come from the test.
const log = createLogger({ service: 'sample' })
await runService({
  service: 'sample',
  log,
  start: async () => {
    const app = createApp({
      service: 'sample',
      log,
      readiness: {},
      routes: (app) => {
        app.get('/slow', (_request, response) => {
          log.info('slow request begun')
          setTimeout(() => response.json({ done: true }), 300)
        })
        app.get('/crash', () => void setTimeout(() => Promise.reject(new Error('nobody catches this'))))
      },
    })
    const server = await listen(app, { host: '127.0.0.1', port: Number(process.env['PORT']), log })
    return { close: () => server.close() }
  },
})
