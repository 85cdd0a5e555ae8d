import { newSecrets } from '@studio/supervisor'
import { remove, throwawayFolder } from './folder.ts'
import { emptyDatabase, type TestDatabase } from './database.ts'
import type { EngineName } from './parts.ts'
import { createProcesses } from './processes/backend.ts'

export type EnginesOptions = {
  /** `true`: an empty database on a shared server. `'own'`: a server of its own, which may be killed. */
  postgres?: boolean | 'own'
  nats?: boolean
  temporal?: boolean
  /** Added to Temporal's dynamic configuration, as `name=value`. */
  temporalSettings?: readonly string[]
}

/** Engines without services, for tests of single packages. An address that was not asked for raises an error. */
export type TestEngines = {
  readonly databaseUrl: string
  readonly natsUrl: string
  readonly temporalAddress: string
  /** SIGKILL to one of its own engines; resolves when it is dead. */
  kill(name: EngineName): Promise<void>
  /** Starts a killed engine again on its old data; resolves when it answers. */
  start(name: EngineName): Promise<void>
  /** Kills, empties, starts again. */
  wipe(name: 'nats' | 'temporal'): Promise<void>
  logs(name: EngineName): string
  stop(): Promise<void>
}

/** Starts the engines asked for, as processes on free ports in a throwaway folder. NATS and Temporal are never shared. */
export async function startEngines(options: EnginesOptions): Promise<TestEngines> {
  const folder = await throwawayFolder()
  const names = (['postgres', 'nats', 'temporal'] as const).filter(
    (name) => options[name] === 'own' || (name !== 'postgres' && options[name]),
  )
  const backend = await createProcesses({
    services: new Map(),
    folder,
    secrets: newSecrets(),
    temporalSettings: options.temporalSettings,
  })
  let shared: TestDatabase | undefined
  const stop = async () => {
    await backend.stop()
    await shared?.drop()
    await remove(folder)
  }
  const of = (name: EngineName, address: string): string => {
    if (!options[name]) throw new Error(`${name} was not asked for: startEngines({ ${name}: true })`)
    return address
  }
  try {
    const [database] = await Promise.all([
      options.postgres === true ? emptyDatabase() : undefined,
      ...names.map((name) => backend.startEngine(name)),
    ])
    shared = database
  } catch (error) {
    await stop()
    throw error
  }
  return {
    get databaseUrl() {
      return of('postgres', shared?.url ?? backend.outside.databaseUrl)
    },
    get natsUrl() {
      return of('nats', backend.outside.natsUrl)
    },
    get temporalAddress() {
      return of('temporal', backend.outside.temporalAddress)
    },
    kill: (name) => backend.kill(name),
    start: (name) => backend.startEngine(name),
    wipe: async (name) => {
      await backend.kill(name)
      await backend.empty(name)
      await backend.startEngine(name)
    },
    logs: (name) => backend.logs(name),
    stop,
  }
}
