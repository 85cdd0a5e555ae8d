import { noUsage, type ClaimInput } from '@studio/contracts'
import { runId } from '@studio/kernel'
import type { GraphTransaction, NewRun, NodeRow } from './ports.ts'
import { readingsOf } from './readings.ts'

/** A node whose head is what its inputs give. */
export interface FreshNode {
  node: NodeRow
  key: string
  provider_version: string
  inputs: ClaimInput[]
}

/** No run takes place. One is recorded all the same where a job asked for it, so that the job has an end. */
export async function settleFresh(graph: GraphTransaction, fresh: readonly FreshNode[]): Promise<void> {
  if (fresh.length === 0) return
  const asked = await graph.listJobNodes(fresh.map(({ node }) => node.blob_id))
  await graph.settleFresh(
    fresh.map(({ node, key, inputs }) => ({ blob_id: node.blob_id, key, readings: readingsOf(inputs) })),
  )
  await graph.addRuns(fresh.filter(({ node }) => asked.has(node.blob_id)).map(freshRun))
}

function freshRun({ node, key, provider_version, inputs }: FreshNode): NewRun {
  return {
    id: runId(node.blob_id, node.epoch),
    blob_id: node.blob_id,
    epoch: node.epoch,
    provider_id: node.provider_id ?? '',
    provider_version,
    key,
    inputs,
    outcome: 'memo',
    version: node.version,
    content_hash: node.output_hash ?? node.content_hash,
    attempts: 0,
    duration_ms: 0,
    usage: noUsage,
    workflow_id: '',
    cascade_id: node.cascade_id,
    caused_by: node.caused_by,
    error: null,
  }
}
