import type { Queryable } from '@studio/database'
import { StudioError } from '@studio/kernel'
import { encoding } from '../content-encoding.ts'
import { contentKey, expandContents, type ContentRow } from '../expand-contents.ts'

/** The driver makes bytes of hexadecimal digits on the main thread: 16 MiB in one piece take 60 ms, and 16 pieces 3 ms each. */
const pieceBytes = 1024 * 1024

// In one statement, so that the packer changes nothing between a patch and its base. Each base comes once, however many patches rest on it.
// $3 is the largest size of which bytes are wanted, null for any.
const text = `
with wanted as materialized (
  select content.*, $3::int is null or size <= $3 as is_read from (select distinct * from unnest($1::uuid[], $2::text[])) as asked(tenant_id, hash) join content using (tenant_id, hash)
), needed as (
  select * from wanted
  union all
  select base.*, true from (select distinct tenant_id, base_hash from wanted where base_hash is not null and is_read) as patched
  join content as base on base.tenant_id = patched.tenant_id and base.hash = patched.base_hash
)
select tenant_id, hash, size, encoding, base_hash, octet_length(bytes) as length,
  case when is_read and octet_length(bytes) <= ${pieceBytes} then bytes end as bytes
from needed
`

const piece = `
select substring(bytes from $4::int for ${pieceBytes}) as bytes from content where tenant_id = $1 and hash = $2 and encoding = $3
`

interface Reference {
  readonly tenant_id: string
  readonly hash: string
}

/** A row whose bytes may still have to be read. */
type FoundRow = Omit<ContentRow, 'bytes'> & { readonly length: number; readonly bytes: Buffer | null }

/** What is answered in the place of purged content. */
const purged = 'purged'

/** What one answer may carry, in bytes: of each content, and of all together. */
export interface AnswerLimits {
  readonly each: number
  readonly together: number
}

/**
 * Raw bytes by hash, in the order asked; null for what the tenant does not have.
 *
 * @throws `internal_error` when bytes are damaged, `content_purged`.
 */
export async function readContents(database: Queryable, wanted: readonly Reference[]): Promise<(Buffer | null)[]> {
  const contents = await readWithin(database, wanted, { each: Infinity, together: Infinity })
  return contents.map((content) => {
    if (content === purged) throw new StudioError('content_purged')
    return typeof content === 'number' ? null : content
  })
}

/**
 * As `readContents`, but of what goes over the limits the size only, in bytes, and a word for what has been purged.
 *
 * @throws `internal_error` when bytes are damaged.
 */
export async function readWithin(
  database: Queryable,
  wanted: readonly Reference[],
  limits: AnswerLimits,
): Promise<(Buffer | number | typeof purged | null)[]> {
  const given = [
    wanted.map(({ tenant_id }) => tenant_id),
    wanted.map(({ hash }) => hash),
    limits.each === Infinity ? null : limits.each,
  ]
  const keys = wanted.map(({ tenant_id, hash }) => contentKey(tenant_id, hash))
  for (;;) {
    const found = await database.query<FoundRow>('read-contents', text, given)
    const byKey = new Map(found.map((row) => [contentKey(row.tenant_id, row.hash), row]))
    const taken = takeWithin(limits, keys, byKey)
    const rows = await fetchBytes(database, neededFor(taken, byKey))
    if (rows === null) continue
    const contents = await expandContents(rows, taken)
    return keys.map((key) => contents.get(key) ?? withoutBytes(byKey.get(key)))
  }
}

function withoutBytes(row: FoundRow | undefined): number | typeof purged | null {
  return row?.encoding === encoding.purged ? purged : (row?.size ?? null)
}

function takeWithin(limits: AnswerLimits, keys: readonly string[], byKey: ReadonlyMap<string, FoundRow>): Set<string> {
  const taken = new Set<string>()
  let sum = 0
  for (const key of keys) {
    const row = byKey.get(key)
    if (
      row === undefined ||
      row.encoding === encoding.purged ||
      taken.has(key) ||
      row.size > limits.each ||
      sum + row.size > limits.together
    )
      continue
    taken.add(key)
    sum += row.size
  }
  return taken
}

/** The rows of these contents, and of the bases that they rest on. */
function neededFor(keys: ReadonlySet<string>, byKey: ReadonlyMap<string, FoundRow>): FoundRow[] {
  const needed = new Set<FoundRow>()
  for (const key of keys)
    for (let row = byKey.get(key); row !== undefined && !needed.has(row);) {
      needed.add(row)
      row = row.base_hash === null ? undefined : byKey.get(contentKey(row.tenant_id, row.base_hash))
    }
  return [...needed]
}

/** Null where one of them was packed since its row was read: then all have to be read anew. */
async function fetchBytes(database: Queryable, rows: readonly FoundRow[]): Promise<ContentRow[] | null> {
  const fetched: ContentRow[] = []
  for (const row of rows) {
    const bytes = row.bytes ?? (await readPieces(database, row))
    if (bytes === null) return null
    fetched.push({ ...row, bytes })
  }
  return fetched
}

async function readPieces(
  database: Queryable,
  { tenant_id, hash, encoding, length }: FoundRow,
): Promise<Buffer | null> {
  const pieces: Buffer[] = []
  for (let from = 1; from <= length; from += pieceBytes) {
    const given = [tenant_id, hash, encoding, from]
    const [read] = await database.query<{ bytes: Buffer }>('read-content-piece', piece, given)
    if (read === undefined) return null
    pieces.push(read.bytes)
  }
  return Buffer.concat(pieces)
}
