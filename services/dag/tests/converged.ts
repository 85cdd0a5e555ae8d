import { derivationKey, sha256 } from '@studio/kernel'
import type { ClaimInput } from '@studio/contracts'
import type { NodeRow } from '../src/domain/ports.ts'
import { allNodes, type World } from './graph-world.ts'

/** When all is quiet: every derivation is what its inputs give, nothing waits, and no cascade is open. */
export async function expectConverged(world: World): Promise<void> {
  const nodes = await allNodes(world)
  const byId = new Map(nodes.map((node) => [node.blob_id, node]))
  const edges = await world.database.query<{ source_id: string; target_id: string; input: string }>(
    'current-edges',
    `select edge.* from edge join node on node.blob_id = edge.target_id where node.tenant_id = $1 and valid_to is null order by target_id, input, ordinal`,
    [world.tenantId],
  )
  for (const node of nodes) {
    if (node.provider_id === null) {
      const source = world.sources.get(node.blob_id)
      expect([node.version, node.state]).toEqual([source?.version, source?.deleted ? 'deleted' : 'settled'])
      if (!source?.deleted) expect(node.content_hash).toBe(sha256(source?.text ?? ''))
      continue
    }
    const inputs = edges
      .filter((edge) => edge.target_id === node.blob_id)
      .map((edge) => ({ edge, source: byId.get(edge.source_id) }))
    const live = inputs.filter(({ source }) => source?.state !== 'deleted')
    if (live.length === 0) {
      expect(node.state).toBe('deleted')
      continue
    }
    const hindered = live.some(({ source }) => ['failed', 'cancelled', 'blocked'].includes(source?.state ?? ''))
    if (node.state === 'failed' || node.state === 'cancelled') continue
    const told = [node.blob_id, inputs.map(({ source }) => [source?.blob_id, source?.state]), node.dirty_inputs]
    expect([node.state, ...told]).toEqual([hindered ? 'blocked' : 'settled', ...told])
    if (hindered) continue
    const named: Record<string, [string, string][]> = {}
    for (const { edge, source } of live)
      (named[edge.input] ??= []).push([source?.content_type ?? '', source?.content_hash ?? ''])
    const key = derivationKey({
      provider_id: node.provider_id,
      provider_version: '1.0.0',
      config: node.config,
      inputs: named,
    })
    expect(node.last_key).toBe(key)
    expect(node.content_hash).toBe(sha256(`output of ${key}`))
    expect(node.dirty_inputs).toBe(0)
  }
  await expectExactRuns(world, byId)
  const [open] = await world.database.query<{ count: number }>(
    'open-cascades',
    'select count(*) from cascade where tenant_id = $1 and settled_at is null',
    [world.tenantId],
  )
  expect(Number(open?.count)).toBe(0)
}

/** Each run says what it read: the inputs that its key is made of. Nothing is computed twice. */
async function expectExactRuns(world: World, nodes: ReadonlyMap<string, NodeRow>): Promise<void> {
  const runs = await world.database.query<{ blob_id: string; key: string; outcome: string; inputs: ClaimInput[] }>(
    'computed-runs',
    `select blob_id, key, outcome, inputs from run where tenant_id = $1 and outcome in ('version', 'cutoff', 'memo')`,
    [world.tenantId],
  )
  const computed = runs.filter(({ outcome }) => outcome !== 'memo').map(({ key }) => key)
  expect(computed).toHaveLength(new Set(computed).size)
  for (const { blob_id, key, inputs } of runs) {
    const node = nodes.get(blob_id)
    const named: Record<string, [string, string][]> = {}
    for (const { name, content_type, content_hash } of inputs) (named[name] ??= []).push([content_type, content_hash])
    const keys = [node?.config, { mark: 0 }, { mark: 1 }].map((config) =>
      derivationKey({
        provider_id: node?.provider_id ?? '',
        provider_version: '1.0.0',
        config: config ?? null,
        inputs: named,
      }),
    )
    expect(keys).toContain(key)
  }
}
