export { describeExit, startChild, type Child, type Exit } from './child.ts'
export { diagnose, type Diagnosis } from './diagnosis.ts'
export {
  findBinary,
  findEngines,
  findPostgres,
  fittingVersion,
  natsKind,
  temporalKind,
  toolsBin,
  type Binary,
  type BinaryKind,
  type EngineBinaries,
  type PostgresBinary,
} from './engines/binaries.ts'
export { natsPart, type NatsOptions } from './engines/nats.ts'
export { postgresPart, postgresUrl, type PostgresOptions } from './engines/postgres.ts'
export { searchAttributes, temporalPart, type TemporalOptions } from './engines/temporal.ts'
export { machineEnvironment, type Environment } from './environment.ts'
export { hasCode, messageOf } from './error-shape.ts'
export { isPartFailure, PartFailure } from './failure.ts'
export { tailOf } from './log-file.ts'
export { migrate, migrationNames, migrationsHash, type MigrateOptions } from './migrations.ts'
export { inStartOrder, selectParts, type Dependent } from './order.ts'
export type { Command, Part, PartState, PartStatus, ProcessPart, StopSignal, TaskPart } from './part.ts'
export { freePort, isPortFree, portHolder, preferredPort, type PortHolder } from './ports.ts'
export { reservePorts } from './port-reservation.ts'
export { DeadlineMissed, probeHttp, until } from './probe.ts'
export { commandLine, identify, isAlive, type ProcessIdentity } from './process-identity.ts'
export { databaseSchemas, projectRoot, serviceFolders, type DatabaseService, type ServiceName } from './project.ts'
export { loadSecrets, newSecrets, type Secrets } from './secrets.ts'
export { serviceEnvironment, servicePart, type Addresses, type ServiceOptions } from './services.ts'
export {
  addressesOf,
  choosePorts,
  defaultPorts,
  engineParts,
  freePorts,
  logFolderOf,
  migratePart,
  stackParts,
  type StackOptions,
  type StackPorts,
} from './stack.ts'
export { cleanUp, readState, survivors, takeOver, withIdentities, writeState, type StudioState } from './state-file.ts'
export { Supervisor, type SupervisorOptions } from './supervisor.ts'
export { compareVersions, fits, formatVersion, parseVersion, type Version, type VersionRange } from './version.ts'
