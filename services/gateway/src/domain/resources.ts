import type {
  Blob,
  BlobResource,
  Cascade,
  CascadeResource,
  Delta,
  DeltaResource,
  Derivation,
  DerivationResource,
  DryRunResource,
  GraphResource,
  Job,
  JobResource,
  OperationResult,
  Plan,
  ProcessedBy,
  Processing,
  Provider,
  ProviderResource,
  PublishedBlob,
  Purge,
  PurgeResource,
  Run,
  RunResource,
  SubmitOutcome,
  Version,
  Verification,
  VerificationResource,
} from '@studio/contracts'
import { embedContent } from './embed-content.ts'

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
    conflict_policy: blob.conflict_policy,
    overlay: blob.overlay,
    publication: blob.publication,
    metadata: blob.metadata,
    created_at: blob.created_at,
    updated_at: blob.updated_at,
    deleted_at: blob.deleted_at,
    ...(blob.purged_at !== undefined && { purged_at: blob.purged_at }),
  }
}

/** As readers see it. */
export function publishedResource({ blob, published }: PublishedBlob): BlobResource {
  return { ...blobResource(blob), published }
}

export function derivationResource({
  blob_id: id,
  tenant_id: _tenant,
  config,
  ...rest
}: Derivation): DerivationResource {
  return { id, ...rest, configuration: config }
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

/** A blob as it was when a version of it was the newest. Its conflict policy is the one of now: versions have none. */
export function blobAt(blob: Blob, version: Version): Blob {
  const { content_type, content_hash, size, version_id, overlay, metadata, created_at } = version
  return {
    ...blob,
    overlay,
    content_type,
    content_hash,
    size,
    version: version.version,
    version_id,
    metadata,
    updated_at: created_at,
    deleted_at: version.operation === 'delete' ? created_at : null,
  }
}

export function dryRunResource(blob_id: string | null, { content, ...plan }: Plan): DryRunResource {
  return {
    dry_run: true,
    blob_id,
    ...plan,
    ...(content && embedContent(plan.content_type ?? '', Buffer.from(content.base64, 'base64'))),
  }
}

/** What became of one operation of a list. */
export function operationResult(
  blob_id: string | null,
  outcome: Exclude<SubmitOutcome, { status: 'failed' }>,
): OperationResult {
  if (outcome.status === 'planned') return dryRunResource(blob_id, outcome.plan)
  return { delta_id: outcome.delta_id, merged: outcome.merged, blob: blobResource(outcome.blob) }
}

export function deltaResource({ tenant_id: _tenant, ...delta }: Delta): DeltaResource {
  return delta
}

export function runResource({ tenant_id: _tenant, ...run }: Run): RunResource {
  return run
}

export function cascadeResource({ tenant_id: _tenant, ...cascade }: Cascade): CascadeResource {
  return cascade
}

export function verificationResource({ tenant_id: _tenant, ...verification }: Verification): VerificationResource {
  return verification
}

export function purgeResource({ tenant_id: _tenant, ...purge }: Purge): PurgeResource {
  return purge
}

export function jobResource({ id, tenant_id: _tenant, run, ...job }: Job): JobResource {
  return { job_id: id, ...job, run: run && runResource(run) }
}

export function providerResource({ tenant_id: _tenant, ...provider }: Provider): ProviderResource {
  return provider
}

/** The graph of a blob that dag has not heard of: it stands alone. */
export function loneGraph(head: Blob): GraphResource {
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
