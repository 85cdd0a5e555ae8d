import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import type { Figure } from '../figure.ts'
import { startStack, type Stack } from '../stack.ts'
import {
  hostileInputs,
  longMetadata,
  longText,
  noise,
  wideDocument,
  type HostileInput,
  type Victims,
} from './hostile-inputs.ts'

const services = ['gateway', 'delta-engine', 'blob', 'dag', 'provider-registry'] as const
type Service = (typeof services)[number]

/** Each input is sent so often, and its shortest hold counts: what an input costs it costs every time. */
const times = 3
const worthTelling = 20

/**
 * A search for the input that holds a service's event loop longest: sends the hostile inputs one by one and asks each service for its longest hold
 * meanwhile. Those over 20 ms are told on the way.
 */
export async function eventLoop(): Promise<Figure[]> {
  const probe = { NODE_OPTIONS: `--import ${fileURLToPath(new URL('../loop-probe.ts', import.meta.url))}` }
  const stack = await startStack({ env: Object.fromEntries(services.map((service) => [service, probe])) })
  try {
    const call = caller(stack)
    const inputs = hostileInputs(await makeVictims(call))
    const worst = new Map<Service, { name: string; hold: number }>()
    const wanted = process.env['STUDIO_PERF_INPUT'] ?? ''
    for (const input of inputs.filter(({ name }) => name.includes(wanted))) {
      const holds = await holdsDuring(stack, call, input)
      for (const [service, hold] of holds) {
        if (hold > worthTelling) process.stderr.write(`  ${hold.toFixed(0).padStart(4)} ms ${service}: ${input.name}\n`)
        if (hold > (worst.get(service)?.hold ?? 0)) worst.set(service, { name: input.name, hold })
      }
    }
    return [...worst].map(([service, { name, hold }]) => ({
      name: `longest hold of ${service} (${name})`,
      value: hold,
      unit: 'ms',
      aim: '< 50',
      better: 'lower',
    }))
  } finally {
    await stack.stop()
  }
}

type Call = (input: Omit<HostileInput, 'name'>) => Promise<{ status: number; text: string }>

function caller(stack: Stack): Call {
  const token = stack.tokenFor('5ca1ab1e-0000-4000-8000-000000000001')
  return async ({ method, path, headers, body }) => {
    const answer = await request(`${stack.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      body: body ?? null,
      headersTimeout: 120_000,
    })
    return { status: answer.statusCode, text: await answer.body.text() }
  }
}

async function makeVictims(call: Call): Promise<Victims> {
  const create = async (type: string, ...versions: (string | Buffer)[]): Promise<string> => {
    const [first = '', ...later] = versions
    const headers = { 'content-type': type }
    const { status, text } = await call({ method: 'POST', path: '/blobs?raw=true', headers, body: first })
    if (status !== 201) throw new Error(`a blob could not be made: ${text}`)
    const { id } = (JSON.parse(text) as { data: { id: string } }).data
    for (const body of later) await call({ method: 'PUT', path: `/blobs/${id}/content`, headers, body })
    return id
  }
  const described = await create('text/plain', 'x')
  const metadata = longMetadata()
  const list = async (path: string, length: number, operation: object): Promise<string[]> => {
    const body = JSON.stringify({ operations: Array.from({ length }, () => operation) })
    const { status, text } = await call({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body })
    if (status !== 200) throw new Error(`a list of changes was not made: ${text}`)
    const { results } = (JSON.parse(text) as { data: { results: { data?: { id: string } }[] } }).data
    return results.flatMap(({ data }) => (data ? [data.id] : []))
  }
  const many: string[] = []
  for (let time = 0; time < 4; time += 1) {
    await list('/batches', 50, { op: 'update', blob_id: described, metadata: { ...metadata, time } })
    many.push(...(await list('/bulk', 50, { op: 'create', text: 'x', metadata, providers: 'none' })))
  }
  const pieces = `[${'{},'.repeat(60_000)}0]`
  const busy = await create('application/json', '{}', `{"0":${pieces}}`, `{"0":${pieces},"1":${pieces}}`)
  return {
    described,
    many,
    busy,
    wide: await create('application/json', wideDocument(), wideDocument().replaceAll('vv', 'w')),
    long: await create(
      'text/plain',
      longText(),
      longText()
        .replaceAll('dull', 'bright')
        .slice(0, 2 ** 24),
    ),
    noise: await create('image/png', noise()),
    small: await create('application/json', '{"list":[1],"text":"small"}'),
  }
}

async function holdsDuring(stack: Stack, call: Call, input: HostileInput): Promise<Map<Service, number>> {
  const shortest = new Map<Service, number>()
  for (let time = 0; time < times; time++) {
    await readHolds(stack)
    const { status, text } = await call(input)
    if (status >= 500) process.stderr.write(`  ${input.name} was answered ${status}: ${text.slice(0, 300)}\n`)
    for (const [service, hold] of await readHolds(stack))
      shortest.set(service, Math.min(hold, shortest.get(service) ?? Infinity))
  }
  return shortest
}

/** The longest holds since this was last asked, in ms. */
async function readHolds(stack: Stack): Promise<Map<Service, number>> {
  const holds = await Promise.all(
    services.map(async (service): Promise<[Service, number]> => {
      const { body } = await request(`${stack.services[service]}/metrics`)
      const hold = /^perf_event_loop_hold_ms (\S+)$/m.exec(await body.text())?.[1]
      return [service, Number(hold)]
    }),
  )
  return new Map(holds)
}
