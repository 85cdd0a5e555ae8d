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
        select jsonb_agg(fact
          || case when version.purged then jsonb_build_object('content_hash', version.content_hash, 'content_type', version.content_type, 'size', version.size) else '{}' end
          || case when overlay.version is not null then jsonb_build_object('overlay', fact->'overlay' || jsonb_build_object('generated',
            jsonb_build_object('content_hash', overlay.generated_hash, 'content_type', overlay.generated_type))) else '{}' end order by place)
        from jsonb_array_elements(event::jsonb->'data'->'facts') with ordinality as told(fact, place)
        left join version on version.version_id = (fact->>'version_id')::uuid
        left join overlay on overlay.blob_id = version.blob_id and overlay.version = version.version and fact->'overlay' <> 'null'))::json
      where subject like 'studio.blob.%' and event->>'subject' = $1::text and exists (
        select from json_array_elements(event->'data'->'facts') as fact
        join version on version.version_id = (fact->>'version_id')::uuid
        left join overlay on overlay.blob_id = version.blob_id and overlay.version = version.version
        where version.blob_id = any($2::uuid[]) and (version.purged and version.content_hash <> fact->>'content_hash'
          or overlay.generated_hash <> fact->'overlay'->'generated'->>'content_hash'))`,
  },
]

export async function purgePlaces(database: Database, { tenant_id, blobs, versions }: PurgeScope): Promise<void> {
  const ids = [...new Set([...blobs, ...versions.map(({ blob_id }) => blob_id)])]
  for (const { name, text } of places) await database.execute(name, text, [tenant_id, ids])
}
