import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  addressesOf,
  findEngines,
  freePort,
  freePorts,
  isPartFailure,
  logFolderOf,
  machineEnvironment,
  newSecrets,
  servicePart,
  stackParts,
  Supervisor,
  type StackOptions,
} from '@studio/supervisor'
import { signToken } from '@studio/testing'

export interface Stack {
  readonly url: string
  /** Where each service listens. */
  readonly services: Readonly<Record<keyof StackOptions['ports']['services'], string>>
  readonly databaseUrl: string
  /** Opens the internal routes. */
  readonly internalToken: string
  tokenFor(tenant: string): string
  stop(): Promise<void>
}

/** The studio as `npm start` runs it (fsync on, default settings), in a throwaway folder and on free ports, with the tests' providers beside it. */
export async function startStack({ env }: Pick<StackOptions, 'env'> = {}): Promise<Stack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'studio-perf-'))
  const options = {
    dataDir,
    ports: await freePorts(),
    secrets: newSecrets(),
    engines: await findEngines({ path: process.env['PATH'] }),
    logLevel: 'warn',
    environment: machineEnvironment(process.env),
    ...(env && { env }),
  }
  const addresses = addressesOf(options)
  const testWorker = servicePart({
    ...options,
    env: undefined,
    name: 'worker',
    addresses,
    port: await freePort(),
    entry: 'tests/providers/main.ts',
  })
  const supervisor = new Supervisor({
    parts: [...stackParts(options), { ...testWorker, name: 'test-worker' }],
    logFolder: logFolderOf(dataDir),
    restart: false,
  })
  const stop = async (): Promise<void> => {
    await supervisor.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  process.once('SIGINT', () => void stop().then(() => process.exit(130)))
  await supervisor.start().catch((error: unknown) => {
    if (isPartFailure(error)) process.stderr.write(`${error.tail.join('\n')}\n`)
    throw error
  })
  return {
    url: `http://127.0.0.1:${options.ports.services.gateway}`,
    services: mapPorts(options.ports.services),
    databaseUrl: addresses.databaseUrl,
    internalToken: options.secrets.internalToken,
    tokenFor: (tenant) =>
      signToken(options.secrets.jwtSecret, { sub: tenant, exp: Math.floor(Date.now() / 1000) + 24 * 3600 }),
    stop,
  }
}

function mapPorts<Name extends string>(ports: Readonly<Record<Name, number>>): Record<Name, string> {
  const urls = Object.entries<number>(ports).map(([name, port]) => [name, `http://127.0.0.1:${port}`])
  return Object.fromEntries(urls) as Record<Name, string>
}
