import {
  blobApi,
  dagApi,
  deltaApi,
  dryRunPath,
  registryApi,
  type Api,
  type Blob,
  type Delta,
  type Plan,
  type PublishedSet,
  SubmitDelta,
  type SubmitOutcome,
  type Version,
} from '@studio/contracts'
import { createApp, listen, readBody, requireInternalToken, serveRoutes, type RunningServer } from '@studio/http'
import { newId, sha256, StudioError, toProblem, type ErrorCode } from '@studio/kernel'
import { createLogger } from '@studio/telemetry'

export const internalToken = 'internal-token-of-the-route-tests'
const log = createLogger({ service: 'inner', level: 'silent' })

/** What the inner services were asked, and what they keep. */
export interface InnerServices {
  readonly url: string
  /** Every submitted change, in order. */
  readonly submitted: SubmitDelta[]
  /** What was asked of the lists and diffs of delta-engine, in order. */
  readonly asked: object[]
  /** Sizes of the bodies that came by PUT /internal/contents. */
  readonly staged: number[]
  /** What is published below a blob, with their contents. */
  readonly published: Map<string, PublishedSet>
  keep(bytes: Buffer): void
  /** Makes the next change fail with this code. */
  failNext(code: ErrorCode, extensions?: Record<string, unknown>): void
  close(): Promise<void>
}

const now = () => new Date().toISOString()

/**
 * All inner services in one small server made from their contracts, in memory: enough to see what the gateway asks and answers. How the
 * real ones behave is the matter of the integration tests.
 */
export async function startInnerServices(): Promise<InnerServices> {
  const blobs = new Map<string, Blob>()
  const versions = new Map<string, Version>()
  const contents = new Map<string, Buffer>()
  const submitted: SubmitDelta[] = []
  const asked: object[] = []
  const published = new Map<string, PublishedSet>()
  const staged: number[] = []
  let nextFailure: StudioError | undefined

  const blobOf = (tenant: string, id: string) => {
    const blob = blobs.get(id)
    return blob?.tenant_id === tenant ? blob : null
  }

  const apply = (delta: SubmitDelta, dryRun = delta.dry_run): SubmitOutcome => {
    submitted.push(delta)
    const failure = nextFailure
    nextFailure = undefined
    if (failure) throw failure
    const before = blobOf(delta.tenant_id, delta.blob_id)
    if (!before && delta.operation !== 'create')
      throw new StudioError('blob_not_found', 'Check the id, and that the token is of the tenant that owns the blob.')
    if (before?.deleted_at && delta.operation !== 'revert') throw new StudioError('blob_deleted')
    if (delta.from_version !== null && delta.from_version !== before?.version) {
      throw new StudioError(delta.expected === 'if_match' ? 'precondition_failed' : 'version_conflict', undefined, {
        extensions: { expected_version: delta.from_version, current_version: before?.version },
      })
    }
    const content = delta.change?.format === 'replace' ? delta.change.content : undefined
    const bytes =
      content && 'base64' in content ? Buffer.from(content.base64, 'base64') : content && contents.get(content.hash)
    if (content && !bytes) throw new StudioError('content_not_found')
    if (dryRun) return { status: 'planned', plan: planOf(delta, before, bytes) }
    if (bytes) contents.set(sha256(bytes), bytes)
    const version_id = newId()
    const delta_id = delta.delta_id ?? newId()
    const blob: Blob = {
      id: delta.blob_id,
      tenant_id: delta.tenant_id,
      user_id: delta.user_id,
      content_type:
        (delta.change?.format === 'replace' ? delta.change.content_type : undefined) ?? before?.content_type ?? '',
      content_hash: bytes ? sha256(bytes) : (before?.content_hash ?? ''),
      size: bytes?.length ?? before?.size ?? 0,
      version: (before?.version ?? 0) + 1,
      version_id,
      parent_id: null,
      root_id: delta.blob_id,
      depth: 0,
      created_by: 'user',
      providers: delta.providers ?? before?.providers ?? 'auto',
      conflict_policy: delta.conflict_policy ?? before?.conflict_policy ?? 'reject',
      overlay: null,
      publication: delta.publication ?? before?.publication ?? 'immediate',
      metadata: delta.metadata ?? before?.metadata ?? {},
      created_at: before?.created_at ?? now(),
      updated_at: now(),
      deleted_at: delta.operation === 'delete' ? now() : null,
    }
    blobs.set(blob.id, blob)
    const { content_type, content_hash, size, version, created_by, user_id, metadata } = blob
    versions.set(`${blob.id}/${version}`, {
      version_id,
      blob_id: blob.id,
      version,
      content_type,
      content_hash,
      size,
      delta_id,
      operation: delta.operation,
      created_by,
      user_id,
      overlay: null,
      generated_hash: null,
      metadata,
      created_at: blob.updated_at,
    })
    return { status: 'applied', delta_id, merged: delta.conflict === 'merge', blob }
  }

  const attempt = (delta: SubmitDelta, dryRun?: boolean): SubmitOutcome => {
    try {
      return apply(delta, dryRun)
    } catch (error) {
      return { status: 'failed', problem: toProblem(error) }
    }
  }

  const app = createApp({
    service: 'inner',
    log,
    internalToken,
    readiness: {},
    routes: (app) => {
      serveRoutes(
        app,
        pick(blobApi, [
          'readBlobs',
          'readOverlays',
          'readPublished',
          'readPublishedSet',
          'readVersions',
          'readVersionAt',
          'readContents',
          'listPublished',
          'listVersions',
        ]),
        {
          readOverlays: async ({ items }) => ({ items: items.map(() => null) }),
          readBlobs: async ({ items }) => ({
            items: items.map(({ tenant_id, blob_id }) => blobOf(tenant_id, blob_id)),
          }),
          readPublished: async ({ items }) => ({
            items: items.map(({ tenant_id, blob_id }) => {
              const blob = blobOf(tenant_id, blob_id)
              return blob && { blob, published: null }
            }),
          }),
          readPublishedSet: async ({ blob_id }) => ({ set: published.get(blob_id) ?? null }),
          readVersions: async ({ items }) => ({
            items: items.map(({ tenant_id, blob_id, version }) =>
              blobOf(tenant_id, blob_id) ? (versions.get(`${blob_id}/${version}`) ?? null) : null,
            ),
          }),
          readVersionAt: async ({ tenant_id, blob_id, at }) => {
            const own = [...versions.values()].filter(
              (version) => version.blob_id === blob_id && blobOf(tenant_id, blob_id) && version.created_at <= at,
            )
            return { version: own.at(-1) ?? null }
          },
          readContents: async ({ items }) => ({
            items: items.map(({ hash }) =>
              contents.has(hash) ? { base64: contents.get(hash)!.toString('base64') } : null,
            ),
          }),
          listPublished: async ({ tenant_id, limit }) => {
            const own = [...blobs.values()]
              .filter((blob) => blob.tenant_id === tenant_id && blob.deleted_at === null)
              .reverse()
            return {
              blobs: own.slice(0, limit).map((blob) => ({ blob, published: null })),
              next: own.length > limit ? own[limit - 1]!.id : null,
            }
          },
          listVersions: async ({ blob_id }) => ({
            versions: [...versions.values()].filter((version) => version.blob_id === blob_id).reverse(),
            next: null,
          }),
        },
      )
      serveRoutes(
        app,
        pick(deltaApi, ['submit', 'submitBatch', 'readDelta', 'listDeltas', 'readLatest', 'readChain', 'diff']),
        {
          submit: async ({ items }) => ({ items: items.map((item) => attempt(item)) }),
          submitBatch: async ({ items, ...list }) => {
            asked.push(list)
            const outcomes: SubmitOutcome[] = []
            for (const [operation, item] of items.entries()) {
              const outcome = attempt(item, list.dry_run)
              if (outcome.status === 'failed') return { status: 'failed' as const, operation, problem: outcome.problem }
              outcomes.push(outcome)
            }
            return { status: 'done' as const, items: outcomes }
          },
          readDelta: async () => ({ delta: null }),
          listDeltas: async (request) => {
            asked.push(request)
            return { deltas: [], next: null }
          },
          readLatest: async ({ tenant_id, blob_id }) => {
            const blob = blobOf(tenant_id, blob_id)
            return { delta: blob && deltaOf(blob) }
          },
          readChain: async (request) => {
            asked.push(request)
            return { deltas: [deltaOf(blobOf(request.tenant_id, request.blob_id)!)], next: 7 }
          },
          diff: async (request) => {
            asked.push(request)
            const { blob_id, from, to, format } = request
            const of = (version: number) => {
              const found = versions.get(`${blob_id}/${version}`)
              if (!found) throw new StudioError('version_not_found')
              return found
            }
            const used = format ?? 'json-patch'
            return { from: of(from), to: of(to), format: used, diff: used === 'unified' ? '@@ -1 +1 @@\n' : [{ used }] }
          },
        },
      )
      serveRoutes(app, pick(dagApi, ['readProcessing', 'listChildren', 'createJob', 'readJob']), {
        listChildren: async () => ({ blob_ids: [] }),
        readProcessing: async ({ items }) => ({
          items: items.map(({ blob_id }) => ({
            processing: [{ provider_id: 'text-expander', blob_id, state: 'dirty' as const, run_id: null, at: null }],
          })),
        }),
        createJob: async ({ tenant_id, provider_id, blob_id }) => ({
          job: {
            id: newId(),
            tenant_id,
            provider_id,
            input_ids: [blob_id],
            blob_id: newId(),
            status: 'queued' as const,
            run: null,
            created_at: now(),
          },
        }),
        readJob: async () => ({ job: null }),
      })
      serveRoutes(app, pick(registryApi, ['list', 'read']), {
        list: async () => ({ providers: [] }),
        read: async ({ items }) => ({ items: items.map(() => null) }),
      })
      app.get('/internal/graphs/:id', requireInternalToken(internalToken), (_request, response) => {
        response.writeHead(204).end()
      })
      app.put(dryRunPath, requireInternalToken(internalToken), async (request, response) => {
        const body = await readBody(request, 1 << 25)
        const end = body.indexOf('\n')
        const item = SubmitDelta.parse(JSON.parse(body.toString('utf8', 0, end)))
        if (item.change?.format !== 'replace') throw new StudioError('invalid_request')
        const content = { base64: body.toString('base64', end + 1) }
        response.json(attempt({ ...item, change: { ...item.change, content } }))
      })
      app.put('/internal/contents', requireInternalToken(internalToken), async (request, response) => {
        const bytes = await readBody(request, 1 << 24)
        staged.push(bytes.length)
        contents.set(sha256(bytes), bytes)
        response.json({ hash: sha256(bytes), size: bytes.length })
      })
      app.get('/internal/contents/:hash', requireInternalToken(internalToken), (request, response) => {
        response.end(contents.get(String(request.params['hash'])))
      })
    },
  })
  const server: RunningServer = await listen(app, { host: '127.0.0.1', port: 0, log })
  return {
    url: server.url,
    submitted,
    published,
    keep: (bytes) => void contents.set(sha256(bytes), bytes),
    asked,
    staged,
    failNext: (code, extensions) => (nextFailure = new StudioError(code, undefined, { extensions })),
    close: () => server.close(),
  }
}

function pick<Routes extends Api, const Name extends keyof Routes>(
  api: Routes,
  names: readonly Name[],
): Pick<Routes, Name> {
  return Object.fromEntries(names.map((name) => [name, api[name]])) as Pick<Routes, Name>
}

function planOf(delta: SubmitDelta, before: Blob | null, bytes: Buffer | undefined): Plan {
  return {
    operation: delta.operation,
    from_version: before?.version ?? 0,
    to_version: (before?.version ?? 0) + 1,
    merged: false,
    format: bytes ? 'replace' : 'none',
    patch: null,
    content_hash: bytes ? sha256(bytes) : (before?.content_hash ?? null),
    content_type:
      (delta.change?.format === 'replace' ? delta.change.content_type : undefined) ?? before?.content_type ?? null,
    size: bytes?.length ?? before?.size ?? null,
    metadata: delta.metadata ?? before?.metadata ?? {},
    content: bytes ? { base64: bytes.toString('base64') } : null,
  }
}

function deltaOf(blob: Blob): Delta {
  return {
    id: newId(),
    tenant_id: blob.tenant_id,
    blob_id: blob.id,
    user_id: blob.user_id,
    provider_id: null,
    operation: 'update',
    format: 'none',
    patch: null,
    original: null,
    content_hash: blob.content_hash,
    content_type: blob.content_type,
    size: blob.size,
    from_version: blob.version - 1,
    to_version: blob.version,
    previous_delta: null,
    next_delta: null,
    caused_by: null,
    status: 'applied',
    error: null,
    created_at: blob.updated_at,
    applied_at: blob.updated_at,
  }
}
