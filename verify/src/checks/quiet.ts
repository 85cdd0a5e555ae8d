import type { Code, Findings } from '../findings.ts'
import type { Snapshot } from '../snapshot.ts'

/** Each query answers tenant_id, blob_id, version, expected and found of what must not be there when the studio is quiet. */
const queries: readonly (readonly [Code, string])[] = [
  [
    'delta_pending',
    `select tenant_id, blob_id, from_version + 1 as version, 'applied or failed' as expected, 'pending delta ' || id as found
     from delta.delta where status = 'pending'`,
  ],
  [
    'fate_wrong',
    `select delta.tenant_id, delta.blob_id, null::int as version, 'no version' as expected, 'version ' || fate.version_id as found
     from delta.delta join blob.delta_fate fate on fate.delta_id = delta.id where delta.status = 'failed' and fate.version_id is not null`,
  ],
  [
    'cascade_open',
    `select tenant_id, root_id as blob_id, null::int as version, 'settled' as expected, 'open since ' || started_at as found
     from dag.cascade where settled_at is null`,
  ],
  [
    'purge_open',
    `select tenant_id, blob_id, null::int as version, 'done' as expected, 'open since ' || requested_at as found from dag.purge where done_at is null`,
  ],
  [
    'publication_unsent',
    `select tenant_id, blob_id, version, 'told' as expected, 'revision ' || revision as found from dag.published where not told`,
  ],
  ...['blob', 'delta', 'dag', 'registry'].map(
    (schema) =>
      [
        'outbox_unsent',
        `select event->>'subject' as tenant_id, fact->>'blob_id' as blob_id, coalesce(fact->>'version', fact->>'to_version')::int as version,
           'sent' as expected, subject || ' ' || id as found
         from ${schema}.outbox left join json_array_elements(event->'data'->'facts') as fact on true
         where sent_at is null or sent_at = 'infinity'`,
      ] as const,
  ),
]

/** Looks over all tenants, or one, for what is under way, or stuck: with that, the rest cannot be judged. */
export async function checkQuiet(snapshot: Snapshot, findings: Findings, tenantId: string | null): Promise<void> {
  for (const [code, text] of queries) {
    const rows = snapshot.stream<{
      tenant_id: string | null
      blob_id: string | null
      version: number | null
      expected: string
      found: string
    }>(`select * from (${text}) as busy where $1::text is null or tenant_id::text = $1`, [tenantId], 1000)
    for await (const { expected, found, ...place } of rows) findings.add(code, place, expected, found)
  }
}
