import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { machineEnvironment, type Environment } from '../environment.ts'
import type { ProcessPart } from '../part.ts'
import type { Binary } from './binaries.ts'

export interface TemporalOptions {
  binary: Binary
  /** Folder of its sqlite file; made when missing. */
  folder: string
  port: number
  uiPort: number
  /** Dynamic configuration beside the studio's own, as `name=value`. */
  settings: readonly string[]
  environment: Environment
}

/** The search attributes by which cascades and provider runs are found. */
export const searchAttributes = {
  studioTenant: 'Keyword',
  studioRoot: 'KeywordList',
  studioProvider: 'Keyword',
} as const

/** Without these every hop of a workflow waits up to 50 ms for the next poll of its shard's queue. */
const dynamicConfig = ['history.transferProcessorMaxPollRPS=1000', 'history.timerProcessorMaxPollRPS=1000']

/**
 * Twenty times the workflows a second of sqlite's defaults. A power cut may take the last commits; nothing depends on them,
 * the reconciler finds what is stale from PostgreSQL alone.
 */
const sqlitePragmas = ['journal_mode=WAL', 'synchronous=NORMAL']

/** The Temporal dev server with its UI on loopback; ready when it answers with the studio's search attributes. */
export function temporalPart(options: TemporalOptions): ProcessPart {
  const { binary, folder, port, uiPort, settings } = options
  return {
    kind: 'process',
    name: 'temporal',
    dependsOn: [],
    port,
    url: `http://127.0.0.1:${uiPort}`,
    version: binary.version,
    deadlineMs: 60_000,
    stopSignal: 'SIGTERM',
    stopGraceMs: 10_000,
    prepare: async () => {
      await mkdir(folder, { recursive: true })
    },
    command: () => ({
      file: binary.file,
      args: [
        ...['server', 'start-dev', '--log-level', 'warn', '--ui-disable-news-fetch'],
        ...['--ip', '127.0.0.1', '--port', String(port), '--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)],
        ...['--db-filename', join(folder, 'temporal.db')],
        ...sqlitePragmas.flatMap((pragma) => ['--sqlite-pragma', pragma]),
        ...[...dynamicConfig, ...settings].flatMap((value) => ['--dynamic-config-value', value]),
        ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
      ],
      cwd: folder,
      // its own home: the settings of the user's Temporal CLI must not get in
      env: { ...machineEnvironment(options.environment), HOME: folder },
    }),
    probe: async (signal) => {
      const response = await fetch(`http://127.0.0.1:${uiPort}/api/v1/namespaces/default/search-attributes`, { signal })
      const text = await response.text()
      const missing = Object.keys(searchAttributes).find((name) => !text.includes(`"${name}"`))
      if (response.status !== 200 || missing)
        throw new Error(`HTTP ${response.status}, search attribute ${missing ?? ''} not there yet`)
    },
  }
}
