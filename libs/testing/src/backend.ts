import type { Secrets } from '@studio/supervisor'
import type { EngineName, PartName } from './parts.ts'

/** Where everything is, seen from one side: from inside the studio or from the test. */
export type Addresses = {
  /** postgres://user:password@host:port/database */
  databaseUrl: string
  /** nats://host:port */
  natsUrl: string
  /** host:port */
  temporalAddress: string
  /** http://host:port of a service, the worker included. */
  serviceUrl(name: PartName): string
}

/** What a backend is made for. */
export type BackendOptions = {
  /** Every service that may be started, workers of tests included, with the file of the repository that Node runs. */
  services: ReadonlyMap<PartName, string>
  /** A folder of this machine that the services see under the same path, and may write to. */
  folder: string
  secrets: Secrets
  /** Added to Temporal's dynamic configuration, as `name=value`. */
  temporalSettings?: readonly string[] | undefined
}

/** What runs the parts. Nothing here knows what the parts are for; readiness of services is asked from outside. */
export type Backend = {
  readonly inside: Addresses
  readonly outside: Addresses
  /** Variables that this backend decides: PORT, HOST and what its surroundings need. */
  surroundings(name: PartName): Record<string, string>
  /** Starts an engine, on its old data where it has run before; resolves when it answers. */
  startEngine(name: EngineName): Promise<void>
  /** Starts a process of this service; resolves at the earliest when it runs. Whether it is ready is for others to ask. */
  startService(name: PartName, env: Record<string, string>): Promise<void>
  /** Ends a part by SIGKILL; resolves when it is dead. */
  kill(name: PartName): Promise<void>
  /** Stops a part in its orderly way; resolves when it is gone. */
  terminate(name: PartName): Promise<void>
  /** Whether the part's process is there. */
  isRunning(name: PartName): Promise<boolean>
  /** Empties an engine that has been killed or stopped. */
  empty(name: EngineName): Promise<void>
  /** What a part has written so far, over all its starts. */
  logs(name: PartName): string
  /** Stops and removes everything. */
  stop(): Promise<void>
}
