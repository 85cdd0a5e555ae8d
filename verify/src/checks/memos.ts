import type { Tenant } from '../tenant.ts'

/** One recorded result a key: memos agree with the runs that they name, and computing runs of one key with each other (the last of them is named). */
export async function checkMemos({ id: tenant_id, snapshot, findings }: Tenant): Promise<number> {
  const memos = snapshot.stream<{
    key: string
    memo: string
    run: string | null
    blob_id: string | null
    version: number | null
    kept: boolean
  }>(
    `select memo.key, memo.key || ' ' || memo.content_hash as memo, run.key || ' ' || run.content_hash as run, run.blob_id, run.version,
       exists (select from blob.content where content.tenant_id = memo.tenant_id and content.hash = memo.content_hash) as kept
     from dag.memo left join dag.run on run.id = memo.run_id where memo.tenant_id = $1`,
    [tenant_id],
    1000,
  )
  let count = 0
  for await (const { memo, run, blob_id, version, kept } of memos) {
    count++
    if (memo !== run) findings.add('memo_wrong', { tenant_id, blob_id, version }, run, memo)
    if (!kept) findings.add('content_missing', { tenant_id, blob_id, version }, memo, null)
  }
  const ambiguous = await snapshot.rows<{ key: string; hashes: string[]; blob_id: string; version: number | null }>(
    `select key, array_agg(distinct content_hash) as hashes, (array_agg(blob_id order by finished_at desc))[1] as blob_id,
       (array_agg(version order by finished_at desc))[1] as version
     from dag.run where tenant_id = $1 and outcome in ('version', 'cutoff') group by key having count(distinct content_hash) > 1`,
    [tenant_id],
  )
  for (const { key, hashes, blob_id, version } of ambiguous)
    findings.add('key_ambiguous', { tenant_id, blob_id, version }, `one output of ${key}`, hashes)
  return count
}
