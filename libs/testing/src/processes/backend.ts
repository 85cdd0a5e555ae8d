import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  addressesOf,
  engineParts,
  findEngines,
  freePort,
  freePorts,
  logFolderOf,
  machineEnvironment,
  type ProcessPart,
  servicePart,
  Supervisor,
} from '@studio/supervisor'
import type { Addresses, Backend, BackendOptions } from '../backend.ts'
import { type PartName, serviceNames } from '../parts.ts'

/** Runs the parts as processes of this machine, as the launcher does. Their data and logs lie in the folder. */
export async function createProcesses({
  services,
  folder,
  secrets,
  temporalSettings = [],
}: BackendOptions): Promise<Backend> {
  const dataDir = join(folder, 'data')
  const environment = machineEnvironment(process.env)
  const stack = {
    dataDir,
    ports: await freePorts(),
    secrets,
    engines: await findEngines({ path: process.env['PATH'] }),
    logLevel: 'info',
    environment,
    // A killed PostgreSQL loses nothing by it; only a power cut would.
    postgresSettings: { fsync: 'off' },
    temporalSettings,
  }
  const { databaseUrl, natsUrl, temporalHost } = addressesOf(stack)
  const ports = new Map<PartName, number>()
  const { services: _unused, ...enginePorts } = stack.ports
  const taken = new Set(Object.values(enginePorts))
  // Also for services that are left out: the others are told where they would be.
  for (const name of new Set([...serviceNames, ...services.keys()])) ports.set(name, await freePort(taken))
  const portOf = (name: PartName): number => {
    const port = ports.get(name)
    if (port === undefined) throw new Error(`${name} is not a part of this studio`)
    return port
  }

  const environments = new Map<PartName, Record<string, string>>()
  const serviceParts = [...services].map(([name, entry]): ProcessPart => {
    const addresses = addressesOf(stack)
    const part = servicePart({ ...stack, name: 'worker', addresses, entry, port: portOf(name) })
    const command = () => ({ ...part.command(), env: environments.get(name) ?? {} })
    return { ...part, name, dependsOn: [], command }
  })
  const supervisor = new Supervisor({
    parts: [...engineParts(stack), ...serviceParts],
    logFolder: logFolderOf(dataDir),
    restart: false,
  })
  const here: Addresses = {
    databaseUrl,
    natsUrl,
    temporalAddress: temporalHost,
    serviceUrl: (name) => `http://127.0.0.1:${portOf(name)}`,
  }

  const start = async (name: PartName): Promise<void> => {
    await supervisor.startPart(name).catch((error: Error) => {
      const log = supervisor.tail(name, 40).join('\n')
      throw new Error(`${error.message}\n--- log of ${name} ---\n${log}`, { cause: error })
    })
  }

  return {
    inside: here,
    outside: here,
    surroundings: (name) => ({ PORT: String(portOf(name)), HOST: '127.0.0.1' }),
    startEngine: start,
    startService: (name, env) => {
      environments.set(name, env)
      return start(name)
    },
    kill: (name) => supervisor.killPart(name),
    terminate: (name) => supervisor.stopPart(name),
    isRunning: (name) => Promise.resolve(supervisor.state(name).pid !== undefined),
    empty: (name) => rm(join(dataDir, name), { recursive: true, force: true }),
    logs: (name) => {
      try {
        return readFileSync(supervisor.logFile(name), 'utf8')
      } catch {
        return ''
      }
    },
    stop: async () => {
      // Nobody needs what they would still do: an orderly end of a busy worker takes seconds.
      await Promise.all(supervisor.states().map(({ name }) => supervisor.killPart(name)))
      await supervisor.stop()
    },
  }
}
