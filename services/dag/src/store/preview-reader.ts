import type { Database } from '@studio/database'
import type { Expectation, GraphEdge } from '@studio/contracts'
import { historyKey } from '../domain/estimate.ts'
import type { PreviewedBlob } from '../domain/preview.ts'
import type { PreviewReader } from '../domain/preview-change.ts'

/** Runs that say what the next one will take. */
const recentRuns = 50

export function createPreviewReader(database: Database): PreviewReader {
  return {
    async readGraph(tenantId, blobId) {
      // One statement, so that nodes and edges are of one moment.
      const [row] = await database.query<{ ids: string[]; blobs: PreviewedBlob[]; edges: GraphEdge[] }>(
        'read-previewed-graph',
        `with recursive below(blob_id) as (
           select blob_id from node where tenant_id = $1 and blob_id = $2
           union select edge.target_id from below join edge on edge.source_id = below.blob_id and edge.valid_to is null),
         fed as (
           select edge.source_id, edge.target_id, edge.input, edge.ordinal from below join edge on edge.target_id = below.blob_id and edge.valid_to is null)
         select
           coalesce((select json_agg(blob_id) from below), '[]') as ids,
           coalesce((select json_agg(json_build_object('blob_id', blob_id, 'provider_id', provider_id, 'provider_version', provider_version,
               'config', config, 'state', state, 'doomed', doomed, 'version', version, 'content_hash', content_hash, 'content_type', content_type,
               'output_hash', output_hash, 'overlay', overlay, 'last_key', last_key, 'readings', readings))
             from (select blob_id from below union select source_id from fed) as looked_at join node using (blob_id)), '[]') as blobs,
           coalesce((select json_agg(fed order by target_id, input, ordinal) from fed), '[]') as edges`,
        [tenantId, blobId],
      )
      return row ?? { ids: [], blobs: [], edges: [] }
    },

    async findMemos(tenantId, keys) {
      const rows = await database.query<{ key: string; content_hash: string; content_type: string }>(
        'find-memos',
        'select key, content_hash, content_type from memo where tenant_id = $1 and key = any($2::text[])',
        [tenantId, keys],
      )
      return new Map(rows.map(({ key, ...held }) => [key, held]))
    },

    async readHistory(tenantId, versions) {
      if (versions.length === 0) return new Map()
      const rows = await database.query<Expectation & { provider_id: string; provider_version: string }>(
        'read-history',
        `select asked.provider_id, asked.provider_version, avg(recent.duration_ms) as duration_ms,
           round(avg(recent.tokens))::bigint as tokens, round(avg(recent.cost_microdollars))::bigint as cost_microdollars
         from unnest($2::text[], $3::text[]) as asked(provider_id, provider_version)
         cross join lateral (
           select duration_ms, tokens, cost_microdollars from run
           where tenant_id = $1 and provider_id = asked.provider_id and provider_version = asked.provider_version and outcome in ('version', 'cutoff')
           order by finished_at desc limit ${recentRuns}) as recent
         group by asked.provider_id, asked.provider_version`,
        [tenantId, versions.map(([id]) => id), versions.map(([, version]) => version)],
      )
      return new Map(
        rows.map(({ provider_id, provider_version, ...took }) => [historyKey(provider_id, provider_version), took]),
      )
    },
  }
}
