import type { Graph } from '../graph.ts'
import type { Tenant } from '../tenant.ts'

/** Compares dag's heads with blob's newest versions; to be called while `heads` holds those. */
export function checkNodes({ id: tenant_id, findings, heads }: Tenant, graph: Graph): void {
  for (const [blob_id, head] of heads) {
    const node = graph.nodes.get(blob_id)
    const place = { tenant_id, blob_id, version: head.version }
    if (node === undefined) {
      findings.add('dag_node_missing', place, head, null)
      continue
    }
    if (node.state === 'dirty' || node.state === 'running') findings.add('node_unsettled', place, 'settled', node.state)
    // What failed or was cancelled may have written a version before, in an attempt that died.
    else if (node.state === 'settled' || node.state === 'deleted') {
      const isGone = node.state === 'deleted'
      const { version, content_hash, content_type } = node
      const found = isGone ? { version, deleted: true } : { version, content_hash, content_type }
      const expected = head.deleted
        ? { version: head.version, deleted: true }
        : { version: head.version, content_hash: head.hash, content_type: head.content_type }
      if (JSON.stringify(expected) !== JSON.stringify(found)) findings.add('dag_head_wrong', place, expected, found)
    }
  }
  for (const { blob_id, state, version } of graph.nodes.values()) {
    if (heads.has(blob_id)) continue
    if (state === 'dirty' || state === 'running')
      findings.add('node_unsettled', { tenant_id, blob_id }, 'settled', state)
    else if (version > 0) findings.add('head_missing', { tenant_id, blob_id, version }, 'a blob', null)
  }
}
