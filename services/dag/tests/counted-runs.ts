import { noUsage, type ClaimGroup, type SettleItem } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import { claimNext } from '../src/domain/claim-next.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import { ensureDerivation } from '../src/domain/derivations.ts'
import { endCascade } from '../src/domain/end-cascade.ts'
import type { Providers } from '../src/domain/ports.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { renewClaim } from '../src/store/claim-reader.ts'
import { aProvider, bell } from './fixture.ts'
import { settlement } from './graph-work.ts'
import { allNodes, factOf, type World } from './graph-world.ts'
import { createOracle, type Counts, type OpenRun } from './least-runs.ts'
import type { Action, PlannedNode, RandomGraph } from './random-graph.ts'
import { workOffClaim, type WorkItem } from './test-worker.ts'

const text = { types: ['text/*'], list: false }
const known = {
  each: aProvider('each', { batch_size: 10, inputs: { text } }),
  /** Has three outputs only: now and then one comes out as it was. */
  coarse: aProvider('coarse', { batch_size: 3, inputs: { text } }),
  pair: aProvider('pair', { batch_size: 1, inputs: { one: text, other: text } }),
  join: aProvider('join', { batch_size: 5, inputs: { parts: { ...text, list: true } } }),
}
const providers: Providers = {
  current: (_tenant, id) => Promise.resolve(known[id as keyof typeof known] ?? null),
  match: (subjects) => Promise.resolve(subjects.map(() => [])),
}

/** Work that has begun: what it will say in the end, and the runs that it is doing for that. */
interface Work {
  readonly claim_id: string
  readonly first: string
  readonly outcomes: SettleItem[]
  readonly runs: Map<string, OpenRun>
}

/** Plays a random graph on a tenant of dag; answers what its provider runs came to. Throws where a node is not what its inputs give at rest. */
export async function countRuns(world: World, { sources, nodes, actions }: RandomGraph): Promise<Counts> {
  const oracle = createOracle()
  const { store, database, tenantId, arrivals } = world
  const deps = { store, providers, bell, arrivals }
  const requester = { tenant_id: tenantId, user_id: tenantId, traceparent: null }
  const versions = new Map<string, number>()
  const ids: string[] = []
  let underWay: Work[] = []

  const write = async (id: string, words: string): Promise<void> => {
    const version = (versions.get(id) ?? 0) + 1
    versions.set(id, version)
    await applyBlobFacts(deps, tenantId, [factOf(world, id, version === 1 ? 'create' : 'update', version, words)])
    oracle.changed(id, sha256(words))
    await hearOfLosses()
  }

  /** Workers stop what was taken away from them; what they say of it all the same must change nothing. */
  const hearOfLosses = async (): Promise<void> => {
    for (const { claim_id, runs } of underWay) {
      const held = await renewClaim(database, claim_id, 30_000)
      for (const [id, run] of runs) {
        if (held.includes(id)) continue
        oracle.ended(run, false)
        runs.delete(id)
      }
    }
  }

  const derive = async ({ provider, mark, inputs: places }: PlannedNode): Promise<void> => {
    const inputs = namedInputs(
      provider,
      places.map((place) => ids[place] ?? ''),
    )
    const wish = { provider: known[provider], config: { mark }, inputs, blobs: new Map() }
    const { derivation } = await ensureDerivation(deps, { ...requester, label: `${ids.length}` }, wish)
    ids.push(derivation.blob_id)
    oracle.derived({ id: derivation.blob_id, provider, mark, inputs })
  }

  const begin = async (group: ClaimGroup, first = group.claim_id): Promise<Work> => {
    const { claim_id } = group
    const runs = new Map<string, OpenRun>()
    const made = new Map<string, string>()
    const make = (item: WorkItem): SettleItem => {
      const output = item.memo?.content_hash ?? outputOf(item)
      if (item.memo === null) runs.set(item.node_id, oracle.begun(item.node_id, item.inputs, made))
      made.set(oracle.keyRead(item.node_id, item.inputs), output)
      return settlement(item, false, 0, noUsage, output)
    }
    const outcomes = await workOffClaim(database, group, make, world.computing)
    return { claim_id, first, outcomes, runs }
  }

  const look = async (): Promise<boolean> => {
    const request = { tenant_id: tenantId, cascade_id: newId(), request_id: newId(), limit: 50 }
    const groups = await claimWork({ store, providers, taskQueue: 'q' }, request)
    for (const group of groups) underWay.push(await begin(group))
    return groups.length > 0
  }

  const end = async ({ claim_id, first, outcomes, runs }: Work): Promise<void> => {
    const { lost } = await settleWork({ store, providers }, claim_id, outcomes)
    for (const { node_id, inputs, key, outcome, content_hash } of outcomes) {
      const run = runs.get(node_id)
      const isLost = lost.includes(node_id)
      if (run) oracle.ended(run, !isLost)
      if (!isLost && content_hash !== null) oracle.recorded(node_id, inputs, content_hash)
      if (key !== null && outcome !== 'memo') world.computing.delete(key)
    }
    const next = await claimNext(
      deps,
      { claim_id: first, request_id: newId(), wait_ms: 0, time_ms: 240_000, resume: false },
      new AbortController().signal,
    )
    for (const group of next) underWay.push(await begin(group, first))
  }

  const rest = async (): Promise<void> => {
    for (let round = 0; round < 1000; round++) {
      const [work, ...others] = underWay
      underWay = others
      if (work) await end(work)
      else if (!(await look()) && (await endCascade(deps, tenantId, newId()))) return compare()
    }
    throw new Error('the graph does not come to rest')
  }

  const compare = async (): Promise<void> => {
    const expected = oracle.atRest()
    for (const { blob_id, state, content_hash } of await allNodes(world))
      if (state !== 'settled' || content_hash !== expected.get(blob_id))
        throw new Error(`${blob_id} is ${state} with ${content_hash}, and must be ${expected.get(blob_id)}`)
  }

  const act = async (action: Action): Promise<void> => {
    if (action.kind === 'edit') return write(ids[action.source % sources] ?? '', action.text)
    if (action.kind === 'rest') return rest()
    if (action.kind === 'begin') await look()
    else {
      const [work] = underWay.splice(action.at % Math.max(1, underWay.length), 1)
      if (work) await end(work)
    }
  }

  for (let at = 0; at < sources; at++) {
    ids.push(newId())
    await write(ids[at] ?? '', `source ${at}`)
  }
  for (const node of nodes) await derive(node)
  await rest()
  for (const action of actions) await act(action)
  return oracle.counts
}

function namedInputs(provider: PlannedNode['provider'], ids: readonly string[]): Record<string, string[]> {
  const [first = '', second = ''] = ids
  if (provider === 'pair') return { one: [first], other: [second] }
  return provider === 'join' ? { parts: [...ids] } : { text: [first] }
}

/** What a provider makes: of other inputs something else, but for the coarse one. */
function outputOf({ provider_id, config, inputs }: WorkItem): string {
  const made = sha256(
    JSON.stringify([provider_id, config, inputs.map(({ name, content_hash }) => [name, content_hash])]),
  )
  return provider_id === 'coarse' ? sha256(`coarse ${parseInt(made.slice(0, 8), 16) % 3}`) : made
}
