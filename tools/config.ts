import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { defaultPorts, projectRoot, type Environment, type StackPorts } from '@studio/supervisor'
import { UserError } from './user-error.ts'

/** What the environment says about the studio of this clone. */
export interface Config {
  root: string
  dataDir: string
  stateFile: string
  secretsFile: string
  logLevel: string
  /** The ports to take where they are free. */
  ports: StackPorts
  /** The whole environment, for what it passes on to the services. */
  environment: Environment
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** Reads the settings; throws a UserError that names the wrong variable. Relative data folders are relative to the clone. */
export function readConfig(environment: Environment = process.env): Config {
  const port = (name: string, fallback: number): number => {
    const text = environment[name]
    if (!text) return fallback
    const value = Number(text)
    if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value
    throw new UserError(`${name}=${text} is not a port; it must be a number from 1 to 65535, such as ${fallback}.`)
  }
  const logLevel = environment['STUDIO_LOG_LEVEL'] || 'info'
  if (!logLevels.includes(logLevel))
    throw new UserError(`STUDIO_LOG_LEVEL=${logLevel} is not a log level; there are ${logLevels.join(', ')}.`)
  const dataDir = resolve(projectRoot, environment['STUDIO_DATA_DIR'] || '.studio')
  checkFolder(dataDir)
  return {
    root: projectRoot,
    dataDir,
    stateFile: join(dataDir, 'state.json'),
    secretsFile: join(dataDir, 'secrets.json'),
    logLevel,
    ports: {
      ...defaultPorts,
      postgres: port('STUDIO_POSTGRES_PORT', defaultPorts.postgres),
      nats: port('STUDIO_NATS_PORT', defaultPorts.nats),
      temporal: port('STUDIO_TEMPORAL_PORT', defaultPorts.temporal),
      temporalUi: port('STUDIO_TEMPORAL_UI_PORT', defaultPorts.temporalUi),
      services: { ...defaultPorts.services, gateway: port('STUDIO_GATEWAY_PORT', defaultPorts.services.gateway) },
    },
    environment,
  }
}

/** The data folder must be one, or be possible to make. */
function checkFolder(folder: string): void {
  let there = folder
  while (!existsSync(there)) there = dirname(there)
  try {
    accessSync(there, constants.W_OK)
    if (statSync(there).isDirectory()) return
  } catch {
    // Falls through to the refusal.
  }
  throw new UserError(`STUDIO_DATA_DIR=${folder}: ${there} is not a folder that can be written to. Name another one.`)
}
