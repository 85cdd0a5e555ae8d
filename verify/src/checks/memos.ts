import type { Tenant } from '../tenant.ts'

/**
 * One recorded result a key: memos agree with the runs that they name, and what a key was computed to later is what is recorded. (Runs from before that
 * were recorded too, and what nobody used for long has been dropped since.)
 */
export async function checkMemos({ id: tenant_id, snapshot, findings }: Tenant): Promise<number> {
  const memos = snapshot.stream<{
    memo: string
    run: string | null
    blob_id: string | null
    version: number | null
    kept: boolean
  }>(
    `select memo.key || ' ' || memo.content_hash as memo, run.key || ' ' || run.content_hash as run, run.blob_id, run.version,
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
  const ambiguous = await snapshot.rows<{ memo: string; run: string; blob_id: string; version: number | null }>(
    `select memo.key || ' ' || memo.content_hash as memo, later.key || ' ' || later.content_hash as run, later.blob_id, later.version
     from dag.memo join dag.run first on first.id = memo.run_id
     join dag.run later on later.tenant_id = memo.tenant_id and later.key = memo.key and later.finished_at >= first.finished_at
     where memo.tenant_id = $1 and later.outcome in ('version', 'cutoff') and later.content_hash <> first.content_hash`,
    [tenant_id],
  )
  for (const { memo, run, blob_id, version } of ambiguous)
    findings.add('key_ambiguous', { tenant_id, blob_id, version }, memo, run)
  return count
}
