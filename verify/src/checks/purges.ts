import type { Code } from '../findings.ts'
import type { Tenant } from '../tenant.ts'

const taken = (alias: string, version: string): string =>
  `exists (select from dag.purged where purged.blob_id = ${alias}.blob_id and purged.version in (0, ${version}))`

/** Each query answers blob_id, version, expected and found of what must not be there. A deletion, or a user's change, after a purged version may have what that has: nothing. */
const queries: readonly (readonly [Code, string])[] = [
  [
    'purge_unasked',
    `select version.blob_id, version.version, 'a purge' as expected, null as found
     from blob.version left join blob.content on content.tenant_id = version.tenant_id and content.hash = version.content_hash
     where version.tenant_id = $1 and (version.purged or content.encoding = 3) and not ${taken('version', 'version.version')}
       and not ((version.operation = 'delete' or version.created_by = 'user') and exists (select from blob.version as before
         where before.blob_id = version.blob_id and before.version = version.version - 1 and before.content_hash = version.content_hash))`,
  ],
  [
    'purge_missed',
    `select version.blob_id, version.version, 'purged' as expected, version.content_hash as found
     from dag.purged join dag.purge on purge.id = purged.purge_id
     join blob.version on version.blob_id = purged.blob_id and purged.version in (0, version.version)
     where version.tenant_id = $1 and purge.done_at is not null and not version.purged`,
  ],
  [
    'purged_content_kept',
    `select version.blob_id, version.version, 'nothing' as expected, content.hash as found
     from blob.version join blob.content on content.tenant_id = version.tenant_id and content.hash = version.content_hash
     where version.tenant_id = $1 and version.purged and (content.encoding <> 3 or content.bytes <> '' or version.size <> 0)
     union all
     select delta.blob_id, delta.to_version, 'nothing', 'delta ' || delta.id from delta.delta
     where delta.tenant_id = $1 and ${taken('delta', 'delta.to_version')} and (not delta.purged or coalesce(delta.patch, delta.original) is not null)
       and exists (select from dag.purge join dag.purged on purged.purge_id = purge.id where purged.blob_id = delta.blob_id and purge.done_at is not null)`,
  ],
]

/** What has been purged is gone, and nothing else is. */
export async function checkPurges({ id: tenant_id, snapshot, findings }: Tenant): Promise<void> {
  for (const [code, text] of queries) {
    const rows = snapshot.stream<{ blob_id: string; version: number | null; expected: string; found: string | null }>(
      text,
      [tenant_id],
      1000,
    )
    for await (const { blob_id, version, expected, found } of rows)
      findings.add(code, { tenant_id, blob_id, version }, expected, found)
  }
}
