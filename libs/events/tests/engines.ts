import {
  addressesOf,
  engineParts,
  findEngines,
  freePorts,
  logFolderOf,
  newSecrets,
  selectParts,
  Supervisor,
} from '@studio/supervisor'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A PostgreSQL and a NATS of this suite's own, in a throwaway folder and on free ports. */
export interface Engines {
  databaseUrl: string
  natsUrl: string
  stopNats(): Promise<void>
  startNats(): Promise<void>
  /** Stops NATS, deletes all that it keeps and starts it. */
  emptyNats(): Promise<void>
  stop(): Promise<void>
}

export async function startEngines(): Promise<Engines> {
  const dataDir = await mkdtemp(join(tmpdir(), 'studio-events-'))
  const options = {
    dataDir,
    ports: await freePorts(),
    secrets: newSecrets(),
    engines: await findEngines({ path: process.env['PATH'] }),
    logLevel: 'info' as const,
    environment: process.env,
    postgresSettings: { fsync: 'off' },
  }
  const parts = selectParts(engineParts(options), ['postgres', 'nats'], false)
  const supervisor = new Supervisor({ parts, logFolder: logFolderOf(dataDir), restart: false })
  await supervisor.start()
  const { databaseUrl, natsUrl } = addressesOf(options)
  return {
    databaseUrl,
    natsUrl,
    stopNats: () => supervisor.stopPart('nats'),
    startNats: () => supervisor.startPart('nats'),
    emptyNats: async () => {
      await supervisor.stopPart('nats')
      await rm(join(dataDir, 'nats'), { recursive: true, force: true })
      await supervisor.startPart('nats')
    },
    stop: async () => {
      await supervisor.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
