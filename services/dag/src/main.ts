import { listen, runService } from '@studio/http'
import { createLogger } from '@studio/telemetry'
import { createDagApp } from './app.ts'
import { readConfig } from './config.ts'
import { createContext } from './context.ts'

const config = readConfig()
const log = createLogger({ service: 'dag', level: config.LOG_LEVEL })

await runService({
  service: 'dag',
  log,
  otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
  start: async () => {
    const context = createContext(config, log)
    const server = await listen(createDagApp(context), { host: config.HOST, port: config.PORT, log })
    context.start()
    return {
      close: async () => {
        await server.close()
        await context.close()
      },
    }
  },
})
