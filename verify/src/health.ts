import { createServer, type Server } from 'node:http'
import { collectDefaultMetrics, register } from 'prom-client'

const deadlineMs = 2000

/** /healthz, /readyz and /metrics as every process of the studio has them. A check that throws, or takes longer than 2 s, makes it not ready. */
export async function serveHealth(
  { HOST, PORT }: { HOST: string; PORT: number },
  checks: Readonly<Record<string, () => Promise<void>>>,
): Promise<Server> {
  collectDefaultMetrics()
  const server = createServer((request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const service = 'verifier'
    const routes: Record<string, () => Promise<void>> = {
      '/healthz': async () => answer(200, { service, status: 'alive' }),
      '/readyz': async () => {
        const states = Object.fromEntries(await Promise.all(Object.entries(checks).map(judge)))
        const ready = Object.values(states).every((state) => state === 'ok')
        answer(ready ? 200 : 503, { service, status: ready ? 'ready' : 'not_ready', checks: states })
      },
      '/metrics': async () => {
        const metrics = await register.metrics()
        response.writeHead(200, { 'content-type': register.contentType }).end(metrics)
      },
    }
    const route = request.method === 'GET' ? routes[request.url ?? ''] : undefined
    if (route) route().catch(() => response.destroy())
    else answer(404, { service, status: 'not_found' })
  })
  await new Promise<void>((listening, refused) => {
    server.once('error', refused)
    server.listen(PORT, HOST, listening)
  })
  return server
}

async function judge([name, check]: [string, () => Promise<void>]): Promise<[string, 'ok' | 'failed']> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${name} did not answer`)), deadlineMs)
  try {
    await Promise.race([check(), late])
    return [name, 'ok']
  } catch {
    return [name, 'failed']
  } finally {
    clearTimeout(timer)
  }
}
