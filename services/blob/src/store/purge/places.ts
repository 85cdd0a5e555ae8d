import type { Database } from '@studio/database'
import type { PurgeScope } from './mark-purged.ts'

interface Place {
  readonly name: string
  /** Takes over what versions say since they were purged. $1 is the tenant, $2 the ids of all blobs that have purged versions. Repeatable. */
  readonly text: string
}

/** Each table of this schema that has something of a version's content, a hash will do, beside `version`, `content` and the heads. */
const places: readonly Place[] = [
  {
    // Where NATS is made anew it gets these rows again.
    name: 'purge-outbox',
    text: `update outbox set event = jsonb_set(event::jsonb, '{data,facts}', (
        select jsonb_agg(case when version.purged then fact || jsonb_build_object('content_hash', version.content_hash, 'content_type', version.content_type, 'size', version.size)
          else fact end order by place)
        from jsonb_array_elements(event::jsonb->'data'->'facts') with ordinality as told(fact, place)
        left join version on version.version_id = (fact->>'version_id')::uuid))::json
      where subject like 'studio.blob.%' and event->>'subject' = $1::text and exists (
        select from json_array_elements(event->'data'->'facts') as fact
        join version on version.version_id = (fact->>'version_id')::uuid
        where version.purged and version.blob_id = any($2::uuid[]) and version.content_hash <> fact->>'content_hash')`,
  },
]

export async function purgePlaces(database: Database, { tenant_id, blobs, versions }: PurgeScope): Promise<void> {
  const ids = [...new Set([...blobs, ...versions.map(({ blob_id }) => blob_id)])]
  for (const { name, text } of places) await database.execute(name, text, [tenant_id, ids])
}
