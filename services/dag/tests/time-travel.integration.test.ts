import { Graph, type BlobFact, type ClaimInput, type SettleItem } from '@studio/contracts'
import type { Database } from '@studio/database'
import { isStudioError, newId, sha256 } from '@studio/kernel'
import fc from 'fast-check'
import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { ensureDerivation, removeDerivation, updateDerivation } from '../src/domain/derivations.ts'
import type { GraphStore, Providers } from '../src/domain/ports.ts'
import { assertComplete, provenanceOf } from '../src/domain/provenance.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { createPictures } from '../src/pictures.ts'
import { readBelowAt } from '../src/store/past-reader.ts'
import { readMadeVersions } from '../src/store/provenance-reader.ts'
import { aProvider, bell, nobodyWaits, openDag } from './fixture.ts'
import { workOffClaim, type WorkItem } from './test-worker.ts'

/** What was seen of a graph when it was so has to be what is answered of that time later. */

const join = aProvider('join', { batch_size: 5, inputs: { texts: { types: ['text/*'], list: true } } })
const providers: Providers = {
  current: () => Promise.resolve(join),
  match: (subjects) => Promise.resolve(subjects.map(() => [])),
}

let database: Database
let store: GraphStore
let close: () => Promise<void>
let keptPictures: ReturnType<typeof createPictures>

beforeAll(async () => {
  ;({ database, store, close } = await openDag())
  keptPictures = createPictures(database)
}, 120_000)

afterAll(async () => {
  await close()
})

/** A tenant, its sources (version; negative: deleted), and of what each version was made. */
interface World {
  readonly tenantId: string
  readonly sources: Map<string, number>
  readonly madeOf: Map<string, readonly ClaimInput[]>
}
const newWorld = (): World => ({ tenantId: newId(), sources: new Map(), madeOf: new Map() })

async function change(world: World, blob_id: string, operation: BlobFact['operation'], text: string): Promise<void> {
  const version = Math.abs(world.sources.get(blob_id) ?? 0) + 1
  world.sources.set(blob_id, operation === 'delete' ? -version : version)
  const fact: BlobFact = {
    blob_id, user_id: world.tenantId, version, version_id: newId(), operation, content_type: 'text/plain', content_hash: sha256(text), size: text.length,
    delta_id: newId(), caused_by: null, created_by: 'user', parent_id: null, root_id: blob_id, depth: 0, providers: 'none', publication: 'immediate', traceparent: null,
  } // prettier-ignore
  await applyBlobFacts({ store, providers, bell, arrivals: nobodyWaits }, world.tenantId, [fact])
}

const sourceAt = (world: World, index: number): string =>
  [...world.sources.keys()][index % Math.max(1, world.sources.size)] ?? ''

const requesterOf = ({ tenantId }: World) => ({ tenant_id: tenantId, user_id: tenantId, traceparent: null })

async function unlessRefused(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isStudioError(error) || error.status >= 500) throw error
  })
}

async function nodesOf(world: World, derivedOnly: boolean): Promise<string[]> {
  const rows = await database.query<{ blob_id: string }>(
    'nodes-of',
    'select blob_id from node where tenant_id = $1 and (provider_id is not null or not $2) order by blob_id',
    [world.tenantId, derivedOnly],
  )
  return rows.map(({ blob_id }) => blob_id)
}

async function work(world: World): Promise<number> {
  const groups = await claimWork(
    { store, providers, taskQueue: 'q' },
    { tenant_id: world.tenantId, cascade_id: newId(), request_id: newId(), limit: 50 },
  )
  for (const group of groups) {
    const outcomes = await workOffClaim(database, group, (item) => settlement(item, group.kind === 'delete'))
    const { lost } = await settleWork({ store, providers }, group.claim_id, outcomes)
    for (const { node_id, inputs, outcome, version } of outcomes)
      if (!['cutoff', 'fresh', 'returned'].includes(outcome) && !lost.includes(node_id))
        world.madeOf.set(`${node_id}/${version}`, inputs)
  }
  return groups.length
}

function settlement(item: WorkItem, doomed: boolean): SettleItem {
  const output = sha256(item.inputs.map(({ content_hash }) => content_hash.slice(0, 1)).join())
  const common = {
    node_id: item.node_id, epoch: item.epoch, inputs: item.inputs, key: item.key, attempts: 1, error: null, duration_ms: 1, size: 1, content_type: 'text/plain',
    usage: { tokens: null, cost_microdollars: null }, version: item.head_version + 1,
  } // prettier-ignore
  if (doomed) return { ...common, outcome: 'deleted', content_hash: null }
  if (item.head_hash === output)
    return { ...common, outcome: 'cutoff', version: item.head_version, content_hash: output }
  return { ...common, outcome: item.memo ? 'memo' : 'version', content_hash: output }
}

const kinds = [
  'create',
  'edit',
  'edit',
  'delete',
  'restore',
  'derive',
  'derive',
  'rewire',
  'work',
  'work',
  'work',
] as const
const step = fc.record({ kind: fc.constantFrom(...kinds), one: fc.nat(30), other: fc.nat(30) })

async function run(world: World, { kind, one, other }: typeof step extends fc.Arbitrary<infer Step> ? Step : never) {
  const source = sourceAt(world, one)
  const isThere = (world.sources.get(source) ?? 0) > 0
  if (kind === 'work') return work(world)
  if (kind === 'create' || source === '') return change(world, newId(), 'create', `${one}`)
  if (kind === 'restore') return isThere ? undefined : change(world, source, 'revert', `${other}`)
  if (kind === 'delete') return isThere ? change(world, source, 'delete', '') : undefined
  if (kind === 'edit') return isThere ? change(world, source, 'update', `${other}`) : undefined
  const nodes = await nodesOf(world, false)
  const texts = [...new Set([one, other].flatMap((index) => nodes[index % nodes.length] ?? []))]
  if (kind === 'derive')
    return unlessRefused(
      ensureDerivation({ store, bell }, { ...requesterOf(world), label: '' }, { provider: join, config: {}, inputs: { texts }, blobs: new Map() }),
    ) // prettier-ignore
  const derived = await nodesOf(world, true)
  const blob_id = derived[(one + other) % derived.length]
  if (blob_id === undefined) return undefined
  const request = { ...requesterOf(world), blob_id }
  const wish = { provider: join, config: null, inputs: { texts }, blobs: new Map() }
  return unlessRefused(
    one % 5 === 0 ? removeDerivation({ store, bell }, request) : updateDerivation({ store, bell }, request, wish),
  )
}

/** What can be seen of the graph below a blob, of now or of a time, in one order. */
function seen({
  nodes,
  edges,
}: {
  nodes: { blob_id: string; version: number; content_hash: string | null }[]
  edges: object[]
}) {
  return {
    nodes: nodes.map(({ blob_id, version, content_hash }) => `${blob_id} ${version} ${content_hash}`).toSorted(),
    edges: edges.map((edge) => JSON.stringify(edge)).toSorted(),
  }
}

async function momentOf(world: World): Promise<string> {
  const [row] = await database.query<{ at: string }>('moment-of', 'select changed_at::text as at from tenant where tenant_id = $1', [world.tenantId]) // prettier-ignore
  return row?.at ?? ''
}

test('the graph of a time is what it was then, to the microsecond', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (history) => {
      const world = newWorld()
      await change(world, newId(), 'create', 'begin')
      const pictures: { at: string; root: string; graph: ReturnType<typeof seen> }[] = []
      for (const one of history) {
        await run(world, one)
        const root = sourceAt(world, one.other)
        pictures.push({ at: await momentOf(world), root, graph: seen(await graphNow(world, root)) })
      }
      for (const { at, root, graph } of pictures)
        expect(seen(await readBelowAt(database, world.tenantId, root, at))).toEqual(graph)
    }),
    { numRuns: Number(process.env['STUDIO_PROPERTY_RUNS'] ?? 30) },
  )
}, 300_000)

/** The graph as it is, as it is answered: from pictures that are kept through all that happens, which have to be what one that is drawn now is. */
async function graphNow(world: World, root: string): Promise<Parameters<typeof seen>[0]> {
  const kept = await readPicture(keptPictures, world, root)
  expect(kept).toEqual(await readPicture(createPictures(database), world, root))
  return kept.graph
}

async function readPicture(pictures: typeof keptPictures, world: World, root: string) {
  const drawn = await pictures(world.tenantId, root)
  if (!drawn) return { isSettled: true, rootVersion: 0, graph: { nodes: [], edges: [] } }
  const { members, ...told } = drawn
  const graph = Graph.omit({ settled: true })
    .strict()
    .parse(JSON.parse(`{${Buffer.concat([...members]).toString()}}`))
  return {
    ...told,
    graph: { ...graph, edges: graph.edges.toSorted((one, other) => compare(keyOf(one), keyOf(other))) },
  }
}

const keyOf = (edge: object): string => JSON.stringify(edge)
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

test('a picture that is read while the graph changes is brought up to date', async () => {
  const world = newWorld()
  const root = newId()
  await change(world, root, 'create', 'begin')
  for (let at = 0; at < 10; at++) await run(world, { kind: 'derive', one: at, other: at + 1 })
  for (let at = 0; at < 40; at++) {
    await Promise.all([
      change(world, root, 'update', `${at}`),
      work(world),
      run(world, { kind: at % 4 === 0 ? 'rewire' : 'edit', one: at, other: at * 7 }),
      ...Array.from({ length: 5 }, () => keptPictures(world.tenantId, root)),
    ])
    await graphNow(world, root)
  }
}, 120_000)

test('so is one that was drawn while an older transaction than the newest that had ended was open', async () => {
  const [world, other] = [newWorld(), newWorld()]
  const root = newId()
  await change(world, root, 'create', 'begin')
  await database.transaction(async (tx) => {
    await tx.query('lock', 'update tenant set revision = revision + 1 where tenant_id = $1', [world.tenantId])
    await tx.query('write', 'update node set version = 7 where blob_id = $1', [root])
    await change(other, newId(), 'create', 'a later transaction that ends first')
    expect((await readPicture(keptPictures, world, root)).rootVersion).toBe(1)
  })
  await graphNow(world, root)
})

test('a time is answered alike while changes of it are under way and ever after', async () => {
  const world = newWorld()
  const root = newId()
  await change(world, root, 'create', 'begin')
  for (let at = 0; at < 10; at++) await run(world, { kind: 'derive', one: at, other: at + 1 })
  const pictures: { at: string; graph: ReturnType<typeof seen> }[] = []
  let isOver = false
  const looking = (async () => {
    while (!isOver) {
      const [now] = await database.query<{ at: string }>('now', 'select clock_timestamp()::text as at', [])
      const at = now?.at ?? ''
      pictures.push({ at, graph: seen(await readBelowAt(database, world.tenantId, root, at)) })
    }
  })()
  for (let at = 0; at < 60; at++)
    await Promise.all([
      change(world, root, 'update', `${at}`),
      work(world),
      run(world, { kind: 'rewire', one: at, other: at * 7 }),
    ])
  isOver = true
  await looking
  expect(new Set(pictures.map(({ graph }) => JSON.stringify(graph))).size).toBeGreaterThan(20)
  for (const { at, graph } of pictures)
    expect(seen(await readBelowAt(database, world.tenantId, root, at))).toEqual(graph)
}, 120_000)

test('a version is traced to exactly the versions that its runs read, up to the sources', async () => {
  let traced = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (history) => {
      const world = newWorld()
      for (const one of history) await run(world, one)
      for (const name of world.madeOf.keys()) {
        const [blobId = '', version] = name.split('/')
        const made = await readMadeVersions(database, world.tenantId, blobId, Number(version))
        const { nodes, edges } = provenanceOf(made, () => null)
        const expected = traceBack(world, name)
        expect(nodes[0]).toMatchObject({ blob_id: blobId, version: Number(version), run: { provider_id: 'join' } })
        expect(nodes.map((node) => `${node.blob_id}/${node.version}`).toSorted()).toEqual(
          [...expected.keys()].toSorted(),
        )
        expect(edges).toHaveLength([...expected.values()].flat().length)
        for (const [target, inputs] of expected)
          expect(edges.filter((edge) => `${edge.target_id}/${edge.target_version}` === target)).toEqual(
            inputs.map((input, ordinal) =>
              expect.objectContaining({
                source_id: input.blob_id,
                source_version: input.version,
                ordinal,
                input: 'texts',
              }),
            ),
          )
        traced += edges.length
      }
    }),
    { numRuns: Number(process.env['STUDIO_PROPERTY_RUNS'] ?? 20) },
  )
  expect(traced).toBeGreaterThan(50)
}, 300_000)

/** All versions that went into one, as the worker was told, with what each was made of. */
function traceBack({ madeOf }: World, name: string): Map<string, readonly ClaimInput[]> {
  const found = new Map<string, readonly ClaimInput[]>()
  const queue = [name]
  for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
    if (found.has(one)) continue
    const inputs = madeOf.get(one) ?? []
    found.set(one, inputs)
    queue.push(...inputs.map(({ blob_id, version }) => `${blob_id}/${version}`))
  }
  return found
}

test.each([
  ['a chain of 10,000 versions is answered', 10_000, 1, false],
  ['one version more is too many', 10_001, 1, true],
  ['so are 200,000 inputs', 1000, 200, true],
])(
  '%s',
  async (_what, versions, inputs, isTooLarge) => {
    const tenantId = newId()
    // Version n of one blob is made of the versions before it, at most so many.
    const [row] = await database.query<{ blob_id: string }>(
      'plant-chain',
      `with blob as (select gen_random_uuid() as blob_id), made as (
       select blob_id, version, gen_random_uuid() as run_id from blob, generate_series(1, $2::int) as version),
     ran as (insert into run (id, tenant_id, blob_id, epoch, provider_id, provider_version, inputs, outcome, attempts, duration_ms, workflow_id)
       select run_id, $1, blob_id, version, 'join', '1', (
         select coalesce(json_agg(json_build_object('name', 'texts', 'blob_id', blob_id, 'version', before, 'content_hash', '', 'content_type', '')), '[]')
         from generate_series(greatest(1, version - $3::int), version - 1) as before), 'version', 1, 1, '' from made),
     heads as (insert into head (blob_id, version, tenant_id, deleted, run_id, at) select blob_id, version, $1, false, run_id, now() from made)
     select blob_id from blob`,
      [tenantId, versions, inputs],
    )
    const made = await readMadeVersions(database, tenantId, row?.blob_id ?? '', versions)
    if (isTooLarge)
      expect(() => assertComplete(made)).toThrow(expect.objectContaining({ code: 'provenance_too_large' }))
    else {
      assertComplete(made)
      expect(made).toHaveLength(versions)
      expect(made.at(-1)?.version).toBe(1)
    }
    // A stranger's is as one that there is not.
    expect(await readMadeVersions(database, newId(), row?.blob_id ?? '', versions)).toMatchObject([
      { run: null, inputs: [] },
    ])
  },
  60_000,
)
