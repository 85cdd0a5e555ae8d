import { randomUUID } from 'node:crypto'
import { freePort, projectRoot, searchAttributes } from '@studio/supervisor'
import { type GenericContainer, Network } from 'testcontainers'
import type { Addresses, Backend, BackendOptions } from '../backend.ts'
import { hostFromContainers } from '../host-of-tests.ts'
import { type EngineName, type PartName, serviceNames } from '../parts.ts'
import { databaseAnswers, natsAnswers, temporalAnswers } from '../probes.ts'
import { waitFor } from '../wait-for.ts'
import { Container } from './container.ts'
import { type Images, testImages } from './images.ts'
import { InitialisedContainer } from './initialised-container.ts'
import { startReaper } from './reaper.ts'

const mounted = '/studio'
const label = 'studio.testing'
/** Where each service listens inside its own container. */
const servicePort = 8080
const containerPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

// As libs/supervisor starts it, for the same reasons.
const temporalSettings = [
  ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
  ...['history.transferProcessorMaxPollRPS=1000', 'history.timerProcessorMaxPollRPS=1000'].flatMap((value) => [
    '--dynamic-config-value',
    value,
  ]),
  ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
]

type Engine = { port: number; image: keyof Images; answers: (at: Addresses) => Promise<unknown> }
const engines: Record<EngineName, Engine> = {
  postgres: { port: 5432, image: 'postgres', answers: ({ databaseUrl }) => databaseAnswers(databaseUrl) },
  nats: { port: 4222, image: 'nats', answers: ({ natsUrl }) => natsAnswers(natsUrl) },
  temporal: { port: 7233, image: 'temporal', answers: ({ temporalAddress }) => temporalAnswers(temporalAddress) },
}

/**
 * Runs the parts in containers of a network of their own. Each has a fixed port on the host, so that it comes back at the
 * same address.
 */
export async function createContainers(options: BackendOptions): Promise<Backend> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true' // its image may not be had; the reaper here does its work
  const images = await testImages()
  // Also for services that are left out: the others are told where they would be.
  const names = new Set<PartName>([...Object.keys(engines), ...serviceNames, ...options.services.keys()])
  const ports = new Map<PartName, number>()
  const taken = new Set<number>()
  for (const name of names) ports.set(name, await freePort(taken))
  const hostPort = (name: PartName): number => {
    const port = ports.get(name)
    if (port === undefined) throw new Error(`${name} is not a part of this studio`)
    return port
  }
  const network = await new Network().start()
  const id = randomUUID()
  const reaper = startReaper(`${label}=${id}`, network.getName())

  const containers = new Map<PartName, Container>()
  const lines = new Map<PartName, string[]>()
  const linesOf = (name: PartName) => lines.get(name) ?? lines.set(name, []).get(name)!
  const existing = (name: PartName) => {
    const container = containers.get(name)
    if (!container) throw new Error(`${name} has not been started`)
    return container
  }
  const { postgresPassword } = options.secrets
  const inside = addresses(postgresPassword, (name) => `${name}:${engines[name as EngineName]?.port ?? servicePort}`)
  const outside = addresses(postgresPassword, (name) => `127.0.0.1:${hostPort(name)}`)

  const prepared = (name: PartName, image: keyof Images, port: number) =>
    new InitialisedContainer(images[image])
      .withLabels({ [label]: id })
      .withNetwork(network)
      .withNetworkAliases(name)
      .withExposedPorts({ container: port, host: hostPort(name) })

  const engineContainer = (name: EngineName): GenericContainer => {
    const container = prepared(name, engines[name].image, engines[name].port)
    if (name === 'postgres') {
      return container
        .withEnvironment({ POSTGRES_USER: 'studio', POSTGRES_PASSWORD: postgresPassword, POSTGRES_DB: 'studio' })
        .withCommand(['-c', 'fsync=off', '-c', 'max_connections=200'])
    }
    if (name === 'nats') return container.withCommand(['-js', '-sd', '/tmp/jetstream'])
    const place = ['--ip', '0.0.0.0', '--db-filename', '/tmp/temporal.db', '--headless', '--log-level', 'warn']
    return container.withCommand(['server', 'start-dev', ...place, ...temporalSettings])
  }

  return {
    inside,
    outside,
    surroundings: () => ({ PORT: String(servicePort), HOST: '0.0.0.0', PATH: containerPath, HOME: '/tmp' }),
    async startEngine(name) {
      const before = containers.get(name)
      if (before) await before.startAgain()
      else containers.set(name, await Container.start(engineContainer(name), linesOf(name)))
      await waitFor(`${name} to answer`, () => engines[name].answers(outside).then(() => true), { timeoutMs: 60_000 })
    },
    async startService(name, env) {
      await containers.get(name)?.remove()
      containers.delete(name)
      const container = prepared(name, 'node', servicePort)
        .withBindMounts([
          { source: projectRoot, target: mounted, mode: 'ro' },
          { source: options.folder, target: options.folder, mode: 'rw' },
        ])
        .withUser(`${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`)
        .withWorkingDir(mounted)
        .withExtraHosts([{ host: hostFromContainers, ipAddress: 'host-gateway' }])
        .withEnvironment(env)
        .withCommand(['node', '-C', 'source', '--max-semi-space-size=8', `${mounted}/${options.services.get(name)}`])
      containers.set(name, await Container.start(container, linesOf(name)))
    },
    kill: (name) => existing(name).end('SIGKILL'),
    terminate: (name) => existing(name).end('SIGTERM'),
    isRunning: (name) => existing(name).isRunning(),
    async empty(name) {
      await existing(name).remove()
      containers.delete(name)
    },
    logs: (name) => linesOf(name).join(''),
    async stop() {
      await reaper.release()
    },
  }
}

const addresses = (password: string, at: (name: PartName) => string): Addresses => ({
  databaseUrl: `postgres://studio:${password}@${at('postgres')}/studio`,
  natsUrl: `nats://${at('nats')}`,
  temporalAddress: at('temporal'),
  serviceUrl: (name) => `http://${at(name)}`,
})
