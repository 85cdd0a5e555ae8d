import type { Tenant } from '../tenant.ts'

/** A blob that is published with others: what readers see of it (0: nothing), and what dag has said that they are to see. */
interface Pointer {
  blob_id: string
  seen: number | null
  seen_revision: number | null
  said: number | null
  said_revision: number | null
  /** dag's newest version. */
  head: number | null
  has_version: boolean
  is_settled: boolean
  input_ids: string[]
}

/**
 * What readers see of blobs that are published together: versions that there are, none beyond what has settled, those that dag has said; all the newest where all that is connected has
 * settled; and each derived one made of exactly the published inputs.
 */
export async function checkPublications(tenant: Tenant): Promise<void> {
  const pointers = await readPointers(tenant)
  for (const pointer of pointers) checkPointer(tenant, pointer)
  for (const group of connected(pointers)) {
    if (!group.every(({ is_settled }) => is_settled)) continue
    for (const { blob_id, seen, head } of group)
      if (seen !== head && head !== 0)
        tenant.findings.add('published_stale', { tenant_id: tenant.id, blob_id, version: seen }, head, seen)
  }
  await checkMixed(tenant)
}

function readPointers({ id, snapshot }: Tenant): Promise<Pointer[]> {
  return snapshot.rows<Pointer>(
    `select coalesce(said.blob_id, seen.blob_id) as blob_id, seen.version as seen, seen.revision::float8 as seen_revision,
       case when not said.released then said.version end as said, case when said.told then said.revision::float8 end as said_revision,
       node.version as head,
       exists (select from blob.version where version.blob_id = seen.blob_id and version.version = seen.version) as has_version,
       coalesce(node.state in ('settled', 'deleted') and not node.doomed, false) as is_settled,
       array(select edge.source_id::text from dag.edge join dag.published as source on source.blob_id = edge.source_id and not source.released
         where edge.target_id = said.blob_id and edge.valid_to is null and not said.released) as input_ids
     from (select * from dag.published where tenant_id = $1) as said
     full join (select * from blob.published where tenant_id = $1) as seen on seen.blob_id = said.blob_id
     left join dag.node on node.blob_id = coalesce(said.blob_id, seen.blob_id)
     order by blob_id`,
    [id],
  )
}

function checkPointer({ id: tenant_id, findings }: Tenant, pointer: Pointer): void {
  const { blob_id, seen, seen_revision, said, said_revision, head, has_version } = pointer
  const wrong = (expected: unknown, found: unknown): void =>
    findings.add('published_wrong', { tenant_id, blob_id, version: seen }, expected, found)
  if (seen !== null && seen > 0 && !has_version) wrong('a version', seen)
  else if (seen !== null && seen > (head ?? 0)) wrong(`at most ${head ?? 0}`, seen)
  // What dag has not said yet is as it was before the first write that waits.
  else if (said_revision !== null && said !== 0 && (seen !== said || seen_revision !== said_revision))
    wrong({ version: said, revision: said_revision }, { version: seen, revision: seen_revision })
}

/** Sets of blobs that feed each other. */
function connected(pointers: readonly Pointer[]): Pointer[][] {
  const parent = new Map(pointers.map(({ blob_id }) => [blob_id, blob_id]))
  const top = (id: string): string => {
    let at = id
    for (let above = parent.get(at); above !== undefined && above !== at; above = parent.get(at)) {
      parent.set(at, parent.get(above) ?? above)
      at = above
    }
    return at
  }
  for (const { blob_id, input_ids } of pointers) for (const input of input_ids) parent.set(top(input), top(blob_id))
  const groups = new Map<string, Pointer[]>()
  for (const pointer of pointers.filter(({ said }) => said !== null)) {
    const key = top(pointer.blob_id)
    const group = groups.get(key)
    if (group) group.push(pointer)
    else groups.set(key, [pointer])
  }
  return [...groups.values()]
}

/** Each derived version that is published was made, or found to be right again, from inputs with the content of those that are published with it. */
async function checkMixed({ id: tenant_id, snapshot, findings }: Tenant): Promise<void> {
  const mixed = snapshot.stream<{ blob_id: string; version: number; expected: string; found: string }>(
    `with seen as (
       select published.blob_id, published.version, published.input_ids, made.epoch as since, coalesce(next.epoch, 2147483647) as until
       from blob.published join blob.version on version.blob_id = published.blob_id and version.version = published.version and version.operation <> 'delete'
         join dag.head on head.blob_id = published.blob_id and head.version = published.version join dag.run made on made.id = head.run_id
         left join dag.head later on later.blob_id = published.blob_id and later.version = published.version + 1 left join dag.run next on next.id = later.run_id
       where published.tenant_id = $1),
     wanted as (
       select seen.blob_id, seen.version, seen.since, seen.until, string_agg(content.blob_id || ' ' || content.content_hash, ', ' order by content.blob_id) as expected,
         jsonb_agg(jsonb_build_object('blob_id', content.blob_id, 'content_hash', content.content_hash)) as inputs
       from seen join blob.published input on input.blob_id = any(seen.input_ids)
         join blob.version content on content.blob_id = input.blob_id and content.version = input.version and content.operation <> 'delete'
       group by seen.blob_id, seen.version, seen.since, seen.until)
     select blob_id, version, expected,
       (select coalesce(string_agg(run.id::text, ', ' order by run.epoch), 'no run')
        from dag.run where run.blob_id = wanted.blob_id and run.epoch >= since and run.epoch < until) as found
     from wanted
     where not exists (
       select from dag.run where run.blob_id = wanted.blob_id and run.epoch >= since and run.epoch < until and run.outcome in ('version', 'cutoff', 'memo')
         and wanted.inputs <@ run.inputs::jsonb)`,
    [tenant_id],
    1000,
  )
  for await (const { blob_id, version, expected, found } of mixed)
    findings.add('published_mixed', { tenant_id, blob_id, version }, expected, `made of other contents by ${found}`)
}
