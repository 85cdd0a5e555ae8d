import { serviceFolders, type ServiceName } from '@studio/supervisor'

export type EngineName = 'postgres' | 'nats' | 'temporal'

/** Engines and services of a studio; tests may add workers under names of their own. */
export type PartName = EngineName | ServiceName | (string & {})

export const serviceNames = Object.keys(serviceFolders) as ServiceName[]

/** The file, from the root of the repository, that Node runs for a service. */
export const entryOf = (name: ServiceName): string => `${serviceFolders[name]}/src/main.ts`

export const isEngine = (name: PartName): name is EngineName => ['postgres', 'nats', 'temporal'].includes(name)
