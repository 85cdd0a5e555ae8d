import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { newClient } from './client.ts'
import { startStack } from './stack.ts'
import { until } from './until.ts'
const stack = await startStack()
const client = newClient(stack)
const db = new pg.Pool({ connectionString: stack.databaseUrl, max: 1 })
const textOf = () => `${randomUUID()}\n${'x'.repeat(1000)}`
const build = async (column: number) => {
  const { id: rootId } = await client.send<{ id: string }>('POST', '/blobs', { text: textOf(), providers: 'none' })
  let leafId = rootId
  for (let level = 1; level <= 10; level += 1) {
    const job = await client.send<{ job_id: string; blob_id: string }>('POST', '/providers/stamp/process', { blob_id: leafId, configuration: { mark: `${column}/${level}` } })
    await until(async () => (await client.send<{ status: string }>('GET', `/jobs/${job.job_id}`)).status === 'succeeded')
    leafId = job.blob_id
  }
  return { rootId, leafId, version: 1 }
}
const chains = await Promise.all(Array.from({ length: 100 }, (_, c) => build(c)))
const measure = async (some: typeof chains) => {
  const started = new Date()
  const begin = performance.now()
  await client.send('POST', '/bulk', { operations: some.map(({ rootId }) => ({ op: 'update', blob_id: rootId, text: textOf() })) })
  const answered = performance.now() - begin
  for (const chain of some) {
    chain.version += 1
    await until(async () => (await client.send<{ version: number }>('GET', `/blobs/${chain.leafId}`)).version >= chain.version)
  }
  const taken = performance.now() - begin
  for (const { rootId } of some) await until(async () => (await client.send<{ settled: boolean }>('GET', `/blobs/${rootId}/dag`)).settled)
  const claims = await db.query(`select extract(epoch from claim.created_at - $1::timestamptz)*1000 as at, extract(epoch from read_at - $1::timestamptz)*1000 as read, work->>'size' as size, right(work->>'workflow_id',8) as wf,
    (select extract(epoch from max(finished_at) - $1::timestamptz)*1000 from dag.run where run.workflow_id = work->>'workflow_id' and finished_at > claim.created_at) as done
    from dag.claim where created_at >= $1 order by created_at`, [started])
  console.log(some.length, 'answered', answered.toFixed(0), 'taken', taken.toFixed(0), 'claims', claims.rows.length)
  for (const r of claims.rows.slice(0, 40)) console.log('   at', Number(r.at).toFixed(0), 'read', Number(r.read).toFixed(0), 'size', r.size, r.wf, 'last run of wf', Number(r.done).toFixed(0))
}
for (let i = 0; i < 4; i++) await measure(chains)
for (let i = 0; i < 5; i++) await measure(chains.slice(0, 1))
await client.close(); await db.end(); await stack.stop()
