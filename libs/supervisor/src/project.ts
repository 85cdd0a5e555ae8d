import { resolve } from 'node:path'

/** The folder of the clone that this code lies in. */
export const projectRoot = resolve(import.meta.dirname, '../../..')

/** The parts of the studio itself, with the folder of each. */
export const serviceFolders = {
  blob: 'services/blob',
  'provider-registry': 'services/provider-registry',
  dag: 'services/dag',
  'delta-engine': 'services/delta-engine',
  worker: 'workflows/worker',
  verifier: 'verify',
  gateway: 'services/gateway',
} as const

export type ServiceName = keyof typeof serviceFolders

/** The services that own a PostgreSQL schema, with its name. */
export const databaseSchemas = {
  blob: 'blob',
  'delta-engine': 'delta',
  dag: 'dag',
  'provider-registry': 'registry',
} as const

export type DatabaseService = keyof typeof databaseSchemas
