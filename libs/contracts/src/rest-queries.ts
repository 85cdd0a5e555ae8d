import { z } from 'zod'
import { ConflictPolicy, Uuid } from './common.ts'
import { DeltaStatus, DiffFormat } from './delta.ts'
import { ProviderId } from './provider.ts'

// The query parameters of the public API. A parameter that is not known is refused, since a misspelt one would change what is done.

const limit = (maximum: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'must be a whole number from 1')
    .transform(Number)
    .refine((value) => value <= maximum, `must be at most ${maximum}`)
    .default(50)

const include = <const Part extends string>(parts: readonly Part[]) =>
  z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(z.enum(parts)))
    .default([])

const version = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'must be a version number')
  .transform(Number)

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true')

/** PostgreSQL knows no year 0, and no offset of 16 hours. */
const time = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-01-31T12:00:00Z (RFC 3339; a + is written %2B here)' })
  .refine((at) => !at.startsWith('0000'), 'must be a time from the year 1 on')
  .refine((at) => !/[+-](1[6-9]|2\d):\d\d$/.test(at), 'must have an offset of less than 16 hours')

const head = z.literal('head')
/** A blob as it was: its version of a number, or the newest one at a time (RFC 3339); or at its head, published or not. */
const past = { version: z.union([head, version]).optional(), at: time.optional() }

export const NoQuery = z.strictObject({})

export const ReadBlobQuery = z.strictObject({ include: include(['content', 'processing']), ...past })
export const ReadContentQuery = z.strictObject(past)
export const ReadPublishedQuery = z.strictObject({ include: include(['content']) })
export const ReadVersionQuery = z.strictObject({ include: include(['content']) })

/** `dry_run`: what would come of it is answered, and nothing is written. */
export const CreateBlobQuery = z.strictObject({ raw: flag, dry_run: flag })
/** PATCH, PUT, DELETE and revert. `from_version` and `conflict` as in the envelope of PATCH, for requests that have none. */
export const ChangeQuery = z.strictObject({
  from_version: version.optional(),
  conflict: ConflictPolicy.optional(),
  dry_run: flag,
})
export type ChangeQuery = z.infer<typeof ChangeQuery>
/** POST …/preview, of a change or of none. */
export const PreviewQuery = ChangeQuery.omit({ dry_run: true })
export const OperationsQuery = z.strictObject({ dry_run: flag })

export const ListBlobsQuery = z.strictObject({
  limit: limit(200),
  after: Uuid.optional(),
  root_id: Uuid.optional(),
  created_by: z.union([z.literal('user'), ProviderId]).optional(),
  /** Blobs at their heads, published or not. */
  version: head.optional(),
})
export const ListVersionsQuery = z.strictObject({ limit: limit(200), after: version.optional() })
/** Newest first by `after` and `status`; or, with `from` (0: the beginning) or `to`, the applied ones that lead from one version to another. */
export const ListDeltasQuery = z.strictObject({
  limit: limit(200),
  after: Uuid.optional(),
  status: DeltaStatus.optional(),
  from: z
    .string()
    .regex(/^(0|[1-9]\d{0,8})$/, 'must be a version number or 0')
    .transform(Number)
    .optional(),
  to: version.optional(),
})
export const DiffQuery = z.strictObject({ from: version, to: version, format: DiffFormat.optional() })
/** The graph as it is; as it was at a time; or as it was when a cascade settled. */
export const ReadGraphQuery = z
  .strictObject({ at: time.optional(), cascade: Uuid.optional() })
  .refine(({ at, cascade }) => at === undefined || cascade === undefined, {
    path: ['at'],
    error: 'goes without cascade',
  })
export const ReadProvenanceQuery = z.strictObject({ version: version.optional() })
export const ListRunsQuery = z.strictObject({ limit: limit(200), after: Uuid.optional() })
