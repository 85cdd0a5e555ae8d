import type { Blob, BlobFact, RunOutcome } from '@studio/contracts'
import type { Database } from '@studio/database'
import { newId, sha256 } from '@studio/kernel'
import fc from 'fast-check'
import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { ensureDerivation } from '../src/domain/derivations.ts'
import { endCascade } from '../src/domain/end-cascade.ts'
import type { GraphStore, Providers } from '../src/domain/ports.ts'
import { previewChange } from '../src/domain/preview-change.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { createPreviewReader } from '../src/store/preview-reader.ts'
import { readCascade } from '../src/store/read-cascade.ts'
import { aProvider, bell, nobodyWaits, openDag } from './fixture.ts'
import { workOffClaim, type WorkItem } from './test-worker.ts'

/** Random graphs, random edits: what each node does is what the preview of the edit said, and what was recorded before never runs again. */

const join = aProvider('join', { batch_size: 3, inputs: { parts: { types: ['text/*'], list: true } } })
const providers: Providers = {
  current: () => Promise.resolve(join),
  match: (subjects) => Promise.resolve(subjects.map(() => [])),
}

let database: Database
let store: GraphStore
let close: () => Promise<void>

beforeAll(async () => {
  ;({ database, store, close } = await openDag())
}, 120_000)
afterAll(async () => {
  await close()
})

const texts = ['a', 'b', 'c']
const blobOf = (tenant_id: string, id: string, version: number, text: string): Blob => ({
  id, tenant_id, user_id: tenant_id, content_type: 'text/plain', content_hash: sha256(text), size: 1, version, version_id: newId(), parent_id: null, root_id: id,
  depth: 0, created_by: 'user', providers: 'auto', conflict_policy: 'reject', overlay: null, publication: 'immediate', metadata: {}, created_at: '', updated_at: '', deleted_at: null,
}) // prettier-ignore
const factOf = ({ id: blob_id, user_id, version, version_id, content_type, content_hash, size, root_id }: Blob): BlobFact => ({
  blob_id, user_id, version, version_id, content_type, content_hash, size, root_id, operation: version === 1 ? 'create' : 'update', delta_id: newId(),
  caused_by: null, created_by: 'user', parent_id: null, depth: 0, providers: 'auto', publication: 'immediate', traceparent: null,
}) // prettier-ignore
const tell = async (blob: Blob) => {
  const fact = factOf(blob)
  await applyBlobFacts({ store, providers, bell, arrivals: nobodyWaits }, blob.tenant_id, [fact])
  return fact.delta_id
}

/** A coarse node sees only whether its inputs are as many capitals: it often makes the same of another input. */
const outputOf = ({ inputs, config }: WorkItem) => {
  const all = inputs.map(({ content_hash }) => content_hash).join()
  return sha256(config['coarse'] === true ? `coarse ${sha256(all) < '8'}` : all)
}

const took = { duration_ms: 2, usage: { tokens: 3, cost_microdollars: null } }

async function drain(tenant_id: string): Promise<void> {
  for (;;) {
    const groups = await claimWork({ store, providers, taskQueue: 'q' }, { tenant_id, cascade_id: newId(), request_id: newId(), limit: 50 }) // prettier-ignore
    if (groups.length === 0 && (await endCascade({ store, providers }, tenant_id, newId()))) return
    for (const group of groups)
      await settleWork({ store, providers }, group.claim_id, await workOffClaim(database, group, settlement))
  }
}

function settlement(item: WorkItem) {
  const { node_id, epoch, inputs, key, memo, head_hash, head_version } = item
  const content_hash = memo?.content_hash ?? outputOf(item)
  const isHead = content_hash === head_hash
  const outcome: RunOutcome = memo ? 'memo' : isHead ? 'cutoff' : 'version'
  const version = isHead ? head_version : head_version + 1
  return { node_id, epoch, inputs, key, outcome, version, content_hash, content_type: 'text/plain', size: 1, attempts: 1, error: null, ...took } // prettier-ignore
}

/** Outcomes by node of the runs that a change caused. */
async function outcomesOf(tenantId: string, deltaId: string): Promise<Map<string, RunOutcome>> {
  const rows = await database.query<{ blob_id: string; outcome: RunOutcome }>(
    'runs-of-change',
    'select blob_id, outcome from run where tenant_id = $1 and caused_by = $2',
    [tenantId, deltaId],
  )
  return new Map(rows.map(({ blob_id, outcome }) => [blob_id, outcome]))
}

const expected: Record<string, readonly (RunOutcome | undefined)[]> = {
  fresh: [undefined],
  memo: ['memo'],
  will_run: ['version', 'cutoff'],
  may_run: [undefined, 'memo', 'version', 'cutoff'],
}

const node = fc.record({ from: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }), coarse: fc.boolean() })
const edit = fc.record({ source: fc.nat(1), text: fc.constantFrom(...texts) })

test('each node does what the preview of the edit said', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.array(node, { minLength: 1, maxLength: 12 }),
      fc.array(edit, { minLength: 4, maxLength: 8 }),
      async (nodes, edits) => {
        const tenantId = newId()
        const sources = texts.slice(0, 2).map((text) => blobOf(tenantId, newId(), 1, text))
        for (const blob of sources) await tell(blob)
        const ids = sources.map(({ id }) => id)
        for (const [label, { from, coarse }] of nodes.entries()) {
          const request = { tenant_id: tenantId, user_id: tenantId, label: String(label), traceparent: null }
          const inputs = { parts: from.map((index) => ids[index % ids.length] ?? '') }
          // Its own key each: which of two with one key runs, and which takes its record, is not told.
          const config = { coarse, mark: label }
          const made = await ensureDerivation({ store, bell }, request, { provider: join, config, inputs, blobs: new Map() }) // prettier-ignore
          ids.push(made.derivation.blob_id)
        }
        await drain(tenantId)
        for (const { source, text } of edits) {
          const before = sources[source] as Blob
          const after = { ...before, version: before.version + 1, content_hash: sha256(text) }
          const deps = { reader: createPreviewReader(database), store, providers }
          const preview = await previewChange(deps, before, { ...after, text })
          // Asked without a change when the edit is made already, and dag has not heard of it.
          expect(await previewChange(deps, after, null)).toEqual(preview)
          const delta = await tell(after)
          sources[source] = after
          await drain(tenantId)
          const outcomes = await outcomesOf(tenantId, delta)
          for (const { blob_id, status, expected: estimate } of preview.nodes) {
            seen.add(`${status} ${outcomes.get(blob_id)}`)
            expect({ status, outcomes: expected[status] }).toMatchObject({
              outcomes: expect.arrayContaining([outcomes.get(blob_id)]) as unknown,
            })
            const runs = status === 'will_run' || status === 'may_run'
            expect(estimate).toEqual(runs ? { duration_ms: 2, tokens: 3, cost_microdollars: null } : null)
          }
          await expectRecord(tenantId, delta, outcomes, preview.nodes.length)
        }
      },
    ),
    { numRuns: Number(process.env['STUDIO_PROPERTY_RUNS'] ?? 30) },
  )
  // All that can happen has happened, or the histories are too tame.
  expect([...seen]).toEqual(expect.arrayContaining(['fresh undefined', 'memo memo', 'will_run version', 'may_run undefined', 'may_run version'])) // prettier-ignore
}, 300_000)

/** The cascade tells as many runs as there are, out of all that was marked. */
async function expectRecord(tenantId: string, delta: string, outcomes: ReadonlyMap<string, RunOutcome>, below: number) {
  const [cascade] = await database.query<{ id: string }>('find-cascade', 'select id from cascade where caused_by = $1', [delta]) // prettier-ignore
  if (cascade === undefined) return expect(outcomes.size).toBe(0)
  const counts = Object.fromEntries(
    [...Map.groupBy(outcomes.values(), (outcome) => outcome)].map(([outcome, list]) => [outcome, list.length]),
  )
  const ran = outcomes.size
  expect(await readCascade(database, tenantId, cascade.id)).toMatchObject({
    delta_id: delta,
    planned: below,
    runs: counts,
    usage: { duration_ms: 2 * ran, tokens: ran === 0 ? null : 3 * ran, cost_microdollars: null },
  })
  expect(await readCascade(database, newId(), cascade.id)).toBeNull()
}
