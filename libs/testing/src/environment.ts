import {
  machineEnvironment,
  type Secrets,
  serviceEnvironment,
  serviceFolders,
  type ServiceName,
} from '@studio/supervisor'
import type { Backend } from './backend.ts'
import type { PartName } from './parts.ts'

/**
 * The environment that the launcher gives to a service, with the addresses of this backend. Nothing of the shell that the
 * tests run in gets there but the machine's own settings. A worker of a test gets what the worker gets.
 */
export function environmentOf(name: PartName, backend: Backend, secrets: Secrets): Record<string, string> {
  const { inside } = backend
  const servicePorts = Object.fromEntries(Object.keys(serviceFolders).map((service) => [service, 0]))
  return serviceEnvironment({
    name: name in serviceFolders ? (name as ServiceName) : 'worker',
    addresses: {
      databaseUrl: inside.databaseUrl,
      natsUrl: inside.natsUrl,
      temporalHost: inside.temporalAddress,
      servicePorts: servicePorts as Record<ServiceName, number>,
    },
    secrets,
    logLevel: 'info',
    environment: machineEnvironment(process.env),
    env: {
      BLOB_URL: inside.serviceUrl('blob'),
      DELTA_ENGINE_URL: inside.serviceUrl('delta-engine'),
      DAG_URL: inside.serviceUrl('dag'),
      PROVIDER_REGISTRY_URL: inside.serviceUrl('provider-registry'),
      ...backend.surroundings(name),
    },
  })
}
