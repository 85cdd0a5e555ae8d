import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { newClient } from './client.ts'
import type { Stack } from './stack.ts'
import { until } from './until.ts'

/** A graph that was written into dag's tables, of a tenant of its own. */
export interface WideGraph {
  readonly tenant: string
  readonly rootId: string
  /** A blob of the last level, whose every input has others above it. */
  readonly leafId: string
  readonly database: pg.Pool
  /** As the settlement of ten blobs does: no picture of the graph that is kept holds any more. */
  settleTen(): Promise<void>
  /** As a change of edges of the tenant does, whichever they are: of no picture that is kept anything holds. */
  changeEdges(): Promise<void>
  /** As if the first blob of the first level had failed: it, and all below it that is not blocked already. */
  fail(): Promise<void>
  close(): Promise<void>
}

/**
 * Below one text `levels` × `width` derived blobs, each but the first level's of two of the level before it: its own place and the place that the
 * level's number is further, so that a leaf has nearly all above it. Each has a head, a settled run with its inputs, and they are of one cascade.
 */
export async function fillGraph(
  stack: Stack,
  { levels, width }: { levels: number; width: number },
): Promise<WideGraph> {
  const tenant = randomUUID()
  const client = newClient(stack, tenant)
  const database = new pg.Pool({ connectionString: stack.databaseUrl, max: 1, options: '-c search_path=dag' })
  const { id: rootId } = await client.send<{ id: string }>('POST', '/blobs', { text: 'a text', providers: 'none' })
  await client.close()
  await until(async () => (await database.query('select from node where blob_id = $1', [rootId])).rowCount === 1)
  const cascade = randomUUID()
  const placed = await database.connect()
  try {
    await placed.query(`create temp table placed as select level, place, gen_random_uuid() as id, gen_random_uuid() as run_id
      from generate_series(1, ${levels}) level, generate_series(0, ${width - 1}) place`)
    await placed.query('create index on placed (level, place)')
    await placed.query(
      `insert into cascade (id, tenant_id, root_id, nodes, started_at, settled_at) values ($1, $2, $3, ${levels * width}, now(), now())`,
      [cascade, tenant, rootId],
    )
    await placed.query(
      `insert into node (blob_id, tenant_id, user_id, created_by, providers, ancestry, parent_id, root_id, depth, version, content_hash, content_type, size,
         provider_id, provider_version, config, state, epoch, key, last_key, last_run_id, last_run_at, cascade_id)
       select id, $1, $1, 'join', '"auto"', '{join}', $2, $2, level, 1, ${hashOf('id')}, 'text/plain', 1000,
         'join', '1.0.0', '{"mark":""}', 'settled', 1, ${hashOf('run_id')}, ${hashOf('run_id')}, run_id, now(), $3 from placed`,
      [tenant, rootId, cascade],
    )
    await placed.query(
      `insert into head (blob_id, version, tenant_id, content_hash, content_type, deleted, run_id, at)
       select id, 1, $1, ${hashOf('id')}, 'text/plain', false, run_id, now() from placed`,
      [tenant],
    )
    await placed.query(
      `insert into edge (target_id, input, ordinal, source_id)
       select id, 'parts', 0, $1::uuid from placed where level = 1
       union all select target.id, 'parts', ordinal, source.id from placed target, generate_series(0, 1) ordinal, placed source
         where target.level > 1 and source.level = target.level - 1 and source.place = (target.place + ordinal * target.level) % ${width}`,
      [rootId],
    )
    await placed.query(
      `insert into run (id, tenant_id, blob_id, epoch, provider_id, provider_version, key, inputs, outcome, version, content_hash, attempts, duration_ms, workflow_id, cascade_id)
       select run_id, $1, id, 1, 'join', '1.0.0', ${hashOf('run_id')}, (
           select json_agg(json_build_object('name', edge.input, 'blob_id', source.blob_id, 'version', source.version, 'content_hash', source.content_hash,
             'content_type', source.content_type) order by ordinal)
           from edge join node source on source.blob_id = edge.source_id where edge.target_id = placed.id),
         'version', 1, ${hashOf('id')}, 1, 1, 'join/' || id, $2 from placed`,
      [tenant, cascade],
    )
    const { rows } = await placed.query<{ id: string; first: string; ten: string[] }>(
      `select id, (select id from placed where level = 1 and place = 0) as first,
         array(select id from placed where level <= 10 and place = level) as ten
       from placed where level = ${levels} and place = 0`,
    )
    const { id: leafId = '', first = '', ten = [] } = rows[0] ?? {}
    await placed.query('drop table placed')
    // As autovacuum does soon after so many rows.
    await placed.query('vacuum analyze')
    const settleTen = async (): Promise<void> =>
      void (await database.query(
        `with moved as (update tenant set revision = revision + 1 where tenant_id = $1)
         update node set last_run_at = clock_timestamp() where blob_id = any($2)`,
        [tenant, ten],
      ))
    const changeEdges = async (): Promise<void> =>
      void (await database.query(
        'update tenant set revision = revision + 1, edges_revision = revision + 1 where tenant_id = $1',
        [tenant],
      ))
    return {
      tenant,
      rootId,
      leafId,
      database,
      settleTen,
      changeEdges,
      fail: async () => {
        await database.query("update node set state = 'blocked' where tenant_id = $1 and provider_id is not null", [
          tenant,
        ])
        await database.query(
          `update node set state = 'failed', error = '{"code":"provider_failed"}' where blob_id = $1`,
          [first],
        )
        await database.query('vacuum analyze node')
        await changeEdges()
      },
      close: () => database.end(),
    }
  } finally {
    placed.release()
  }
}

const hashOf = (column: string): string => `encode(sha256(${column}::text::bytea), 'hex')`
