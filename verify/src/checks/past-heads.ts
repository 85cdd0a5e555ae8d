import type { Tenant } from '../tenant.ts'

/** Each head that dag remembers, for who travels in time, is a version as blob has it. A tombstone has no content there. */
export async function checkPastHeads({ id: tenant_id, snapshot, findings }: Tenant): Promise<void> {
  const wrong = snapshot.stream<{ blob_id: string; version: number; expected: string | null; found: string }>(
    `select * from (
       select head.blob_id, head.version,
         case when version.operation = 'delete' then 'a tombstone' else version.content_hash || ' ' || version.content_type end as expected,
         case when head.deleted then 'a tombstone' else coalesce(head.content_hash || ' ' || head.content_type, 'no content') end as found
       from dag.head left join blob.version on version.tenant_id = head.tenant_id and version.blob_id = head.blob_id and version.version = head.version
       where head.tenant_id = $1) as past
     where expected is distinct from found`,
    [tenant_id],
    1000,
  )
  for await (const { blob_id, version, expected, found } of wrong)
    findings.add('dag_past_wrong', { tenant_id, blob_id, version }, expected, found)
}
