import { z } from 'zod'

// What an environment variable may hold. Each reads a string; `example` is shown when the value is missing or wrong.

const integer = (minimum: number, maximum: number, what: string, example: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be ${what}`)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, `must be ${what} from ${minimum} to ${maximum}`)
    .meta({ example })

const isUrl = (value: string, protocols: readonly string[]): boolean => {
  const parsed = URL.parse(value)
  return parsed !== null && protocols.includes(parsed.protocol)
}

/** A TCP port; 0 lets the system choose. */
export const port = integer(0, 65_535, 'a port', '8010')

/** A duration in milliseconds, 1 ms to 24 days (what a timer can hold). */
export const milliseconds = integer(1, 2_147_483_647, 'milliseconds', '5000')

/** A size in bytes. */
export const bytes = integer(1, Number.MAX_SAFE_INTEGER, 'bytes', '16777216')

/** A whole number from 1. */
export const count = integer(1, 1_000_000, 'a whole number', '10')

/** An http(s) address, without the slash at its end. */
export const url = z
  .string()
  .refine((value) => isUrl(value, ['http:', 'https:']), 'must be an http or https URL')
  .transform((value) => value.replace(/\/+$/, ''))
  .meta({ example: 'http://127.0.0.1:8011' })

/** The address of a PostgreSQL database, with its password. */
export const postgresUrl = z
  .string()
  .refine((value) => isUrl(value, ['postgres:', 'postgresql:']), 'must be a postgres URL')
  .meta({ example: 'postgres://studio:password@127.0.0.1:54329/studio' })

/** The address of a NATS server. */
export const natsUrl = z
  .string()
  .refine((value) => isUrl(value, ['nats:', 'tls:']), 'must be a nats URL')
  .meta({ example: 'nats://127.0.0.1:4222' })

/** `host:port`. */
export const hostPort = z
  .string()
  .regex(/^[^\s/:]+:\d{1,5}$/, 'must be host:port')
  .meta({ example: '127.0.0.1:7233' })

/** A level of pino. */
export const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).meta({ example: 'info' })

/** A secret of at least 16 characters; its value is never shown. */
export const secret = z
  .string()
  .min(16, 'must have at least 16 characters')
  .meta({ example: '(at least 16 random characters)' })

/** Any text that is not empty. */
export const text = z.string().min(1).meta({ example: 'default' })
