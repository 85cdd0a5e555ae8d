import { listen, runService } from '@studio/http'
import { createLogger } from '@studio/telemetry'
import { createGatewayApp } from './app.ts'
import { readConfig } from './config.ts'
import { createContext } from './context.ts'

const config = readConfig()
const log = createLogger({ service: 'gateway', level: config.LOG_LEVEL })

await runService({
  service: 'gateway',
  log,
  otlpEndpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
  start: async () => {
    const context = createContext(config, log)
    const server = await listen(createGatewayApp(context), { host: config.HOST, port: config.PORT, log })
    return {
      close: async () => {
        await server.close()
        await context.close()
      },
    }
  },
})
