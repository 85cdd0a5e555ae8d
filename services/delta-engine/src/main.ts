import { listen, runService } from '@studio/http'
import { createLogger } from '@studio/telemetry'
import { createDeltaApp } from './app.ts'
import { readConfig } from './config.ts'
import { createContext } from './context.ts'

const config = readConfig()
const log = createLogger({ service: 'delta-engine', level: config.LOG_LEVEL })

await runService({
  service: 'delta-engine',
  log,
  otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
  start: async () => {
    const context = createContext(config, log)
    const server = await listen(createDeltaApp(context), { host: config.HOST, port: config.PORT, log })
    return {
      close: async () => {
        await server.close()
        await context.close()
      },
    }
  },
})
