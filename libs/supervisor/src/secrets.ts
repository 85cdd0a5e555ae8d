import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { hasCode } from './error-shape.ts'

/** What one studio keeps to itself. */
export interface Secrets {
  /** HS256 key of the local bearer tokens. */
  jwtSecret: string
  /** Shared by the services; opens the internal routes. */
  internalToken: string
  postgresPassword: string
  /** Subject of the local user's token. */
  userId: string
}

/** Fresh random secrets. */
export function newSecrets(): Secrets {
  const random = (): string => randomBytes(32).toString('hex')
  return { jwtSecret: random(), internalToken: random(), postgresPassword: random(), userId: randomUUID() }
}

/** The secrets in `file`; made there (mode 0600) when the file does not exist. */
export function loadSecrets(file: string): Secrets {
  mkdirSync(dirname(file), { recursive: true })
  try {
    // `wx`: of two that make it at once, one wins and both read the winner's.
    writeFileSync(file, `${JSON.stringify(newSecrets(), undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Secrets
}
