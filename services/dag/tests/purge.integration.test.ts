import { noUsage, type BlobFact, type ClaimInput, type SettleItem } from '@studio/contracts'
import type { Database } from '@studio/database'
import { newId, sha256, StudioError, toProblem, transformDeltaId } from '@studio/kernel'
import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { controlCascade } from '../src/domain/control-cascade.ts'
import { ensureDerivation } from '../src/domain/derivations.ts'
import { explain } from '../src/domain/explain.ts'
import type { GraphStore, NodeRow, Providers } from '../src/domain/ports.ts'
import { beginPurge } from '../src/domain/purge/begin-purge.ts'
import { judgeUnknown } from '../src/domain/purge/judge-unknown.ts'
import { takeAlong } from '../src/domain/purge/take-along.ts'
import type { OpenPurge, Purges } from '../src/domain/purge/ports.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { readKnown } from '../src/store/explain-reader.ts'
import { createPrisma } from '../src/store/job-reader.ts'
import { createPurges } from '../src/store/purge/purges.ts'
import { aProvider, bell, nobodyWaits, openDag } from './fixture.ts'
import { workOffClaim, type WorkItem } from './test-worker.ts'

/** What a purge does to the graph, and to those who work on it meanwhile. */

const join = aProvider('join', { batch_size: 5, inputs: { texts: { types: ['text/*'], list: true } } })
const providers: Providers = { current: async () => join, match: async (subjects) => subjects.map(() => []) }

let database: Database
let store: GraphStore
let purges: Purges
let close: () => Promise<void>

beforeAll(async () => {
  ;({ database, store, close } = await openDag({ patienceMs: 0 }))
  purges = createPurges(database)
}, 120_000)
afterAll(() => close())

const tenant_id = newId()
const traceparent = null

/** Tells dag of a source's version; without text of its deletion. */
async function tell(
  blob_id: string,
  version: number,
  text: string | null,
  given: Partial<BlobFact> = {},
): Promise<void> {
  const fact: BlobFact = {
    blob_id, user_id: tenant_id, version, version_id: newId(), operation: text === null ? 'delete' : version === 1 ? 'create' : 'update',
    content_type: 'text/plain', content_hash: sha256(text ?? ''), size: 5, delta_id: newId(), caused_by: null, created_by: 'user', parent_id: null,
    root_id: blob_id, depth: 0, providers: 'none', publication: 'immediate', traceparent,
    ...given,
  } // prettier-ignore
  await applyBlobFacts({ store, providers, bell, arrivals: nobodyWaits }, tenant_id, [fact])
}

async function source(text: string): Promise<string> {
  const blob_id = newId()
  await tell(blob_id, 1, text)
  return blob_id
}

async function derive(texts: string[]): Promise<string> {
  const request = { tenant_id, user_id: tenant_id, traceparent, label: '' }
  const { derivation } = await ensureDerivation({ store, bell }, request, {
    provider: join,
    config: {},
    inputs: { texts },
    blobs: new Map(),
  })
  return derivation.blob_id
}

/** Claims all that is ready; what each claim is to do. */
async function claim(): Promise<{ claim_id: string; items: WorkItem[] }[]> {
  const request = { tenant_id, cascade_id: newId(), request_id: newId(), limit: 100 }
  const groups = await claimWork({ store, providers, taskQueue: 'q' }, request)
  return Promise.all(
    groups.map(async (group) => {
      const items: WorkItem[] = []
      await workOffClaim(database, group, (item) => {
        items.push(item)
        return settlement(item)
      })
      return { claim_id: group.claim_id, items }
    }),
  )
}

const madeOf = ({ inputs, node_id }: WorkItem) =>
  sha256(`${node_id} ${inputs.map(({ content_hash }) => content_hash).join()}`)

function settlement(item: WorkItem): SettleItem {
  const isDoomed = item.inputs.length === 0
  return {
    node_id: item.node_id, epoch: item.epoch, outcome: isDoomed ? 'deleted' : 'version', inputs: item.inputs, key: item.key, version: item.head_version + 1,
    content_hash: isDoomed ? null : madeOf(item), content_type: isDoomed ? null : 'text/plain', size: 5, attempts: 1, error: null, duration_ms: 1, usage: noUsage,
  } // prettier-ignore
}

const failureOf = (item: WorkItem): SettleItem => ({
  ...settlement(item), outcome: 'failed', version: null, content_hash: null, content_type: null, size: null, error: toProblem(new StudioError('provider_failed')),
}) // prettier-ignore

const settle = (claim_id: string, items: WorkItem[]) =>
  settleWork({ store, providers }, claim_id, items.map(settlement))

/** Works off what is ready until nothing is. */
async function workOff(): Promise<void> {
  for (let claims = await claim(); claims.length > 0; claims = await claim())
    for (const { claim_id, items } of claims) await settle(claim_id, items)
}

async function nodeOf(blobId: string): Promise<NodeRow> {
  const [node] = await store.readNodes(tenant_id, [blobId])
  if (!node) throw new Error('no such node')
  return node
}

async function openPurge(blob_id: string, version: number): Promise<OpenPurge> {
  const { id } = await purges.request({ tenant_id, blob_id, version })
  return open(id)
}

async function open(id: string): Promise<OpenPurge> {
  const purge = (await purges.listOpen(100)).find((one) => one.id === id)
  if (!purge) throw new Error('no such purge')
  return purge
}

const begin = (purge: OpenPurge) => store.transaction(tenant_id, (graph) => beginPurge(graph, purge))

/** What head and run say of a version's content. */
const recordsOf = (blobId: string, version: number) =>
  database.query(
    'test-records',
    `select head.content_hash as head, run.content_hash as run, run.inputs->0->>'content_hash' as input
     from head join run using (blob_id, version) where blob_id = $1 and version = $2`,
    [blobId, version],
  )

/** All rows of all tables that have a text in them. */
async function rowsWith(text: string): Promise<string[]> {
  const tables = ['node', 'head', 'run', 'memo', 'claim', 'outbox', 'cascade', 'job', 'edge', 'tenant']
  const rows = await Promise.all(
    tables.map((table) =>
      database.query<{ found: string }>(
        `test-find-${table}`,
        `select '${table}' as found from ${table} where row_to_json(${table})::text like '%' || $1 || '%'`,
        [text],
      ),
    ),
  )
  return rows.flat().map(({ found }) => found)
}

it('waits until all that only it fed is gone, then forgets hashes of contents and keys everywhere', async () => {
  const [kept, going] = [await source('kept 1'), await source('going 1')]
  const [both, only] = [await derive([kept, going]), await derive([going])]
  await workOff()
  const [before, onlyBefore] = [await nodeOf(both), await nodeOf(only)]
  const hashes = [sha256('going 1'), before.content_hash, onlyBefore.content_hash, before.last_key, onlyBefore.last_key]
  // A lease takes the key from the node, and it stands with the run.
  const keys = await database.query<{ key: string }>('test-keys', 'select key from run where blob_id = any($1)', [
    [both, only],
  ])
  await tell(going, 2, null)
  const purge = await openPurge(going, 2)
  expect(await begin(purge)).toBeNull()
  await workOff()
  expect((await nodeOf(only)).state).toBe('deleted')
  expect(await begin({ ...purge, version: 3 })).toBeNull()
  expect(await begin(purge)).not.toBeNull()
  for (const hash of [...hashes, ...keys.map(({ key }) => key)]) if (hash) expect(await rowsWith(hash)).toEqual([])
  const after = await nodeOf(both)
  expect(after).toMatchObject({ state: 'settled', version: 2 })
  expect(await rowsWith(after.content_hash ?? '')).toEqual(expect.arrayContaining(['node', 'head', 'run', 'memo']))
  const scope = await purges.readScope(await open(purge.id))
  expect(scope.blobs.toSorted()).toEqual([going, only].toSorted())
  expect(scope.versions).toEqual([{ blob_id: both, version: 1 }])
  expect(scope.fed).toEqual([{ blob_id: both, epoch: after.epoch, known: [1, 2] }])
  // Once more, it decides nothing anew.
  await begin(purge)
  expect(await nodeOf(both)).toMatchObject({ epoch: after.epoch, content_hash: after.content_hash })
})

it('takes away every run that may have read it, and keeps what the present run writes', async () => {
  const [kept, going] = [await source('kept 2'), await source('going 2')]
  const both = await derive([kept, going])
  await workOff()
  await tell(going, 2, null)
  const [reading] = await claim()
  if (!reading) throw new Error('nothing to do')
  const purge = await openPurge(going, 2)
  await begin(purge)
  // The run under way read what is left only; nobody can tell, so it is done again.
  expect(await settle(reading.claim_id, reading.items)).toMatchObject({ settled: 0, lost: [both] })
  const [present] = await claim()
  const [item] = present?.items ?? []
  if (!present || !item) throw new Error('it is not claimed anew')
  expect(item.epoch).toBeGreaterThan(reading.items[0]?.epoch ?? Infinity)
  const unknown = [
    { blob_id: both, version: 2, delta_id: newId() },
    { blob_id: both, version: 3, delta_id: transformDeltaId(both, item.epoch, item.key) },
  ]
  await store.transaction(tenant_id, (graph) => judgeUnknown(graph, purge.id, unknown))
  const { versions } = await purges.readScope(await open(purge.id))
  expect(versions.toSorted((one, other) => one.version - other.version)).toEqual([
    { blob_id: both, version: 1 },
    { blob_id: both, version: 2 },
  ])
  expect(await settle(present.claim_id, present.items)).toMatchObject({ settled: 1, lost: [] })
})

it('takes what blob took along, and waits until it has heard of what users did', async () => {
  const [kept, going] = [await source('kept 3'), await source('going 3')]
  const both = await derive([kept, going])
  await workOff()
  const { content_hash } = await nodeOf(both)
  await tell(going, 2, null)
  const purge = await openPurge(going, 2)
  await begin(purge)
  const noted = { blob_id: both, version: 2, created_by: 'user' }
  const gone = { blob_id: both, version: 3, created_by: join.id }
  const take = () => store.transaction(tenant_id, (graph) => takeAlong(graph, purge.id, [noted, gone]))
  const taken = async () =>
    (await purges.readScope(await open(purge.id))).versions.map(({ version }) => version).toSorted()
  expect(await take()).toBe(true)
  expect(await taken()).toEqual([1, 3])
  await tell(both, 2, null, { content_hash: content_hash ?? '', operation: 'update' })
  expect(await rowsWith(content_hash ?? '')).toEqual(expect.arrayContaining(['head', 'node']))
  expect(await take()).toBe(false)
  expect(await taken()).toEqual([1, 2, 3])
  expect(await rowsWith(content_hash ?? '')).toEqual([])
  await workOff()
  // One that something newer has overtaken will not be heard of.
  expect(await nodeOf(both)).toMatchObject({ state: 'settled', version: 3 })
  expect(await take()).toBe(false)
})

it('derives anew what was rewired to the same content, whose present version it takes', async () => {
  const [going, twin] = [await source('the same'), await source('the same')]
  const derived = await derive([going])
  await workOff()
  const { content_hash } = await nodeOf(derived)
  await store.transaction(tenant_id, async (graph) => {
    await graph.replaceInputs(derived, { texts: [twin] })
  })
  await tell(going, 2, null)
  await workOff()
  await begin(await openPurge(going, 2))
  expect(await nodeOf(derived)).toMatchObject({ state: 'dirty' })
  await workOff()
  expect(await nodeOf(derived)).toMatchObject({ state: 'settled', version: 2, content_hash })
})

it('takes what two purges leave fed by nothing', async () => {
  const [one, other] = [await source('one'), await source('other')]
  const both = await derive([one, other])
  await workOff()
  await tell(one, 2, null)
  await workOff()
  const first = await openPurge(one, 2)
  await begin(first)
  await tell(other, 2, null)
  await workOff()
  expect((await nodeOf(both)).state).toBe('deleted')
  const second = await openPurge(other, 2)
  const left = await recordsOf(both, 1)
  await begin(second)
  // What the first one took is as that one left it, as it is at blob.
  expect(await recordsOf(both, 1)).toEqual(left)
  expect((await purges.readScope(await open(second.id))).blobs.toSorted()).toEqual([both, other].toSorted())
})

it('blocks what is taken away with what it waits for where that has failed meanwhile', async () => {
  const [purgedSource, one, other] = [await source('purged'), await source('one'), await source('other')]
  const above = await derive([one])
  const below = await derive([above, other, purgedSource])
  await workOff()
  await tell(purgedSource, 2, null)
  await workOff()
  await tell(one, 2, 'one 2')
  await tell(other, 2, 'other 2')
  const groups = await claim()
  expect(groups.map(({ items }) => items.length)).toEqual([2])
  for (const { claim_id, items } of groups)
    await settleWork({ store, providers }, claim_id, items.filter(({ node_id }) => node_id === above).map(failureOf))
  expect([(await nodeOf(above)).state, (await nodeOf(below)).state]).toEqual(['failed', 'running'])
  const purge = await openPurge(purgedSource, 2)
  expect(await store.transaction(tenant_id, (graph) => beginPurge(graph, purge))).not.toBeNull()
  expect((await nodeOf(below)).state).toBe('blocked')
  const named = { tenant_id, cascade: { root_id: one }, budget: null, traceparent }
  await controlCascade({ store, bell }, { ...named, action: 'retry-failed' })
  await workOff()
  expect([(await nodeOf(above)).state, (await nodeOf(below)).state]).toEqual(['settled', 'settled'])
})

it('keeps with a run what it read of inputs that stay, and forgets it of a node with its key', async () => {
  const [kept, going] = [await source('stays'), await source('goes')]
  const both = await derive([kept, going])
  for (const { claim_id, items } of await claim())
    await settleWork(
      { store, providers },
      claim_id,
      items.map((item) => ({
        ...settlement(item),
        inputs: item.inputs.map((input) => ({ ...input, read_hash: sha256(`part of ${input.blob_id}`) })),
      })),
    )
  expect((await nodeOf(both)).readings).not.toBeNull()
  await tell(going, 2, null)
  const purge = await openPurge(going, 2)
  expect(await begin(purge)).not.toBeNull()
  expect(await nodeOf(both)).toMatchObject({ last_key: null, readings: null })
  const [run] = await database.query<{ inputs: ClaimInput[] }>(
    'test-inputs',
    'select inputs from run where blob_id = $1 and version = 1',
    [both],
  )
  expect(run?.inputs.map(({ blob_id, read_hash }) => [blob_id, read_hash])).toEqual([
    [kept, sha256(`part of ${kept}`)],
    [going, undefined],
  ])
  expect(run?.inputs[0]?.content_hash).toBe(sha256('stays'))
  await workOff()
})

it('says nothing of a configuration where only a key is forgotten', async () => {
  const [kept, going] = [await source('kept on'), await source('going on')]
  const both = await derive([kept, going])
  await workOff()
  await tell(going, 2, null)
  for (const { claim_id, items } of await claim())
    await settleWork({ store, providers }, claim_id, items.map(failureOf))
  expect(await begin(await openPurge(going, 2))).not.toBeNull()
  const prisma = createPrisma(database)
  const known = await readKnown(database, prisma, tenant_id, both)
  await prisma.$disconnect()
  if (!known) throw new Error('nothing is known')
  const inputs = known.inputs.map((input) => ({ ...input, delta_id: null }))
  const { reasons } = explain({ ...known, inputs, provider: { id: 'join', version: '1.0.0' } })
  expect(reasons.map(({ code }) => code)).toEqual(['input_removed', 'failed'])
})
