import type { blobApi, PublishedBlob } from '@studio/contracts'
import type { Database } from '@studio/database'
import type { z } from 'zod'
import { seen, toPublished } from './read-published.ts'

// Apart, since a condition that may not hold keeps a plan for all values from beginning at the row that it names.
const textOf = (position: string): string => `
select ${seen.columns} from blob ${seen.joins}
where blob.tenant_id = $1 and ($2::uuid is null or blob.user_id = $2) and ($3::uuid is null or blob.root_id = $3) and ($4::text is null or blob.created_by = $4)
  and ${position}
  and case when published.version = 0 then false when earlier.version is not null then earlier.operation <> 'delete' else blob.deleted_at is null end
order by blob.created_at desc, blob.id desc limit $6
`

const firstText = textOf('$5::uuid is null')
const nextText = textOf(
  '(blob.created_at, blob.id) < (select last.created_at, last.id from blob as last where last.id = $5 and last.tenant_id = $1)',
)

/** A tenant's blobs as readers see them, newest first; `after` is the id of the last one seen. */
export async function listPublished(
  database: Database,
  { tenant_id, user_id, root_id, created_by, after, limit }: z.output<(typeof blobApi)['listPublished']['request']>,
): Promise<{ blobs: PublishedBlob[]; next: string | null }> {
  const given = [tenant_id, user_id, root_id, created_by, after, limit + 1]
  const rows = await database.query<Parameters<typeof toPublished>[0]>(
    after === undefined ? 'list-published' : 'list-published-after',
    after === undefined ? firstText : nextText,
    given.map((value) => value ?? null),
  )
  const blobs = rows.slice(0, limit).map(toPublished)
  return { blobs, next: rows.length > limit ? (blobs.at(-1)?.blob.id ?? null) : null }
}
