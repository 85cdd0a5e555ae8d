import { isUtf8 } from 'node:buffer'
import type {
  Blob,
  BlobResource,
  Delta,
  DeltaResource,
  Graph,
  GraphResource,
  Job,
  JobResource,
  ProcessedBy,
  Processing,
  Provider,
  ProviderResource,
  Run,
  RunResource,
} from '@studio/contracts'
import { isTextType } from '@studio/kernel'

// What the public API shows of what the services answer.

/** Written out member by member: it runs on every read, and its order is what users see. */
export function blobResource(blob: Blob): BlobResource {
  return {
    id: blob.id,
    user_id: blob.user_id,
    content_type: blob.content_type,
    content_hash: blob.content_hash,
    size: blob.size,
    version: blob.version,
    version_id: blob.version_id,
    parent_id: blob.parent_id,
    root_id: blob.root_id,
    depth: blob.depth,
    created_by: blob.created_by,
    metadata: blob.metadata,
    created_at: blob.created_at,
    updated_at: blob.updated_at,
    deleted_at: blob.deleted_at,
  }
}

/** Bytes as members of a JSON answer. */
export function embedContent(contentType: string, bytes: Buffer): { text: string } | { content: string } {
  return isTextType(contentType) && isUtf8(bytes)
    ? { text: bytes.toString('utf8') }
    : { content: bytes.toString('base64') }
}

/** By provider id; where a provider has several derivations of one blob, the one that ran last. */
export function processedBy(processing: readonly Processing[]): Record<string, ProcessedBy> {
  const oldestFirst = processing.toSorted((one, other) => (one.at ?? '').localeCompare(other.at ?? ''))
  return Object.fromEntries(
    oldestFirst.map(({ provider_id, state, run_id, at, blob_id }) => [
      provider_id,
      { status: state, run_id, at, blob_id },
    ]),
  )
}

export function deltaResource({ tenant_id: _tenant, ...delta }: Delta): DeltaResource {
  return delta
}

export function runResource({ tenant_id: _tenant, ...run }: Run): RunResource {
  return run
}

export function jobResource({ id, tenant_id: _tenant, run, ...job }: Job): JobResource {
  return { job_id: id, ...job, run: run && runResource(run) }
}

export function providerResource({ tenant_id: _tenant, ...provider }: Provider): ProviderResource {
  return provider
}

/**
 * The graph below a blob. dag hears of a version by an event, so it may lag behind blob: until it knows the head, nothing is settled,
 * and before its first event the blob stands alone.
 */
export function graphResource(head: Blob, graph: Graph | null): GraphResource {
  if (graph) {
    const root = graph.nodes.find((node) => node.blob_id === head.id)
    return { ...graph, settled: graph.settled && root?.version === head.version }
  }
  return {
    root_id: head.id,
    nodes: [
      {
        blob_id: head.id,
        version: head.version,
        content_hash: head.content_hash,
        content_type: head.content_type,
        provider_id: head.created_by === 'user' ? null : head.created_by,
        provider_version: null,
        state: head.deleted_at === null ? 'settled' : 'deleted',
        level: 0,
        last_run_id: null,
        last_run_at: null,
        error: null,
      },
    ],
    edges: [],
    levels: [[head.id]],
    settled: false,
  }
}
