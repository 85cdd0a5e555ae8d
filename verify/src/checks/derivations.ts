import { derivationKey, type InputContents } from '../digest.ts'
import type { Code } from '../findings.ts'
import type { Graph, GraphNode } from '../graph.ts'
import { partsRead } from '../reads.ts'
import type { Rerun, Reruns, Work } from '../rerun.ts'
import type { Head, Tenant } from '../tenant.ts'

/** The newest run that settled a derived blob. */
interface LastRun {
  blob_id: string
  provider: string
  key: string
  content_hash: string | null
  content_type: string | null
  /** The newest version that a run says it made. */
  made: number | null
}

/** The head of a derived blob that a user has a hand in. */
interface EditedHead {
  blob_id: string
  /** Whether they wrote that version, which no run made. */
  by_user: boolean
  /** Where an edit stands: the newest output beside it. */
  generated_hash: string | null
  generated_type: string | null
}

/** `gone`: derived blobs of which nothing is left that feeds them, as far as they have been looked at. */
interface Derivations {
  readonly graph: Graph
  readonly gone: Set<string>
}

const chunk = 200

/**
 * Works out, from the sources down, what each derived blob must be, and compares it with its newest version. Where the provider can be run
 * again it is run; for others the recorded output of the key counts. `heads` then says what derived blobs must be.
 */
export async function checkDerivations(tenant: Tenant, graph: Graph, reruns: Reruns): Promise<number> {
  const { ordered, cyclic } = graph.inOrder()
  const derivations = { graph, gone: new Set<string>() }
  for (const { blob_id } of cyclic)
    tenant.findings.add('derivation_cycle', { tenant_id: tenant.id, blob_id }, 'an order', 'none')
  for (let at = 0; at < ordered.length; at += chunk) {
    const nodes = ordered.slice(at, at + chunk)
    const ids = nodes.map(({ blob_id }) => blob_id)
    const [runs, edited] = [await readLastRuns(tenant, ids), await readEditedHeads(tenant, ids)]
    for (const node of nodes)
      await checkDerivation(tenant, derivations, node, runs.get(node.blob_id), edited.get(node.blob_id), reruns)
  }
  return ordered.length
}

async function checkDerivation(
  tenant: Tenant,
  derivations: Derivations,
  node: GraphNode,
  run: LastRun | undefined,
  edited: EditedHead | undefined,
  { rerun, isSame }: Reruns,
): Promise<void> {
  const { id: tenant_id, findings, heads } = tenant
  const head = heads.get(node.blob_id)
  const report = (code: Code, expected: unknown, found: unknown): void =>
    findings.add(code, { tenant_id, blob_id: node.blob_id, version: head?.version }, expected, found)
  const isThere = head !== undefined && !head.deleted

  const { graph, gone } = derivations
  const inputs = liveInputs(derivations, node, heads)
  if (inputs === null) {
    gone.add(node.blob_id)
    if (isThere) report('derived_not_deleted', 'a tombstone', head.hash)
    if (node.state !== 'deleted') report('dag_state_wrong', 'deleted', node.state)
    return
  }
  if (node.state === 'blocked' && !isHindered(graph, node)) report('dag_state_wrong', 'not blocked', 'blocked')
  if (node.state === 'deleted') report('derived_missing', inputs, null)
  // What has failed, or was cancelled, keeps the last version that it had; what waits or runs is named elsewhere.
  if (node.state !== 'settled') return
  if (!isThere || run === undefined) return report('derived_missing', inputs, head ?? null)
  if (!edited?.by_user && run.made !== head.version)
    report('derived_unexplained', `a run that made version ${head.version}`, run.made)

  const work = { provider: run.provider, config: node.config, inputs }
  const parts = await partsRead(tenant.contents, work.provider, work.config, inputs, node.readings ?? [])
  const key = derivationKey(work.provider, work.config, parts)
  if (key !== run.key) report('derived_stale', key, run.key)
  const output = await outputOf(tenant, key, work, run, rerun)
  if (output === null) return report('output_unrecorded', `an output of ${key}`, null)
  if ('error' in output) return report('rerun_failed', head.hash, output.error)
  const { hash, content_type } = output
  // What the blob holds of it was looked at with its overlay.
  if (edited?.generated_hash) {
    const { generated_hash, generated_type } = edited
    const isGenerated = await isSame(work.provider, output, generated_hash)
    if (!isGenerated || content_type !== generated_type)
      report('overlay_output_wrong', { hash, content_type }, { hash: generated_hash, content_type: generated_type })
    return
  }
  const isHead = await isSame(work.provider, output, head.hash)
  if (!isHead || content_type !== head.content_type)
    report('derived_head_wrong', { hash, content_type }, { hash: head.hash, content_type: head.content_type })
  heads.set(node.blob_id, { ...head, hash: isHead ? head.hash : hash, content_type })
}

/**
 * Contents of the inputs that are there; null where all are gone. A derived blob that something feeds and that is not there was never made, or not again since what feeds it came
 * back (that failed, or was cancelled): it is no input, and keeps what is below it from being made; it does not delete it.
 */
function liveInputs(
  { graph, gone }: Derivations,
  node: GraphNode,
  heads: ReadonlyMap<string, Head>,
): InputContents | null {
  const inputs: Record<string, [string, string][]> = {}
  for (const { input, source_id } of graph.inputsOf(node.blob_id)) {
    const source = heads.get(source_id)
    const isSource = graph.nodes.get(source_id)?.provider_id === null
    if (isSource ? source?.deleted : gone.has(source_id)) continue
    const contents = (inputs[input] ??= [])
    if (source && !source.deleted) contents.push([source.content_type, source.hash])
  }
  return Object.keys(inputs).length === 0 ? null : inputs
}

function isHindered(graph: Graph, { blob_id }: GraphNode): boolean {
  return graph
    .inputsOf(blob_id)
    .some(({ source_id }) =>
      ['failed', 'cancelled', 'blocked', 'dirty', 'running'].includes(graph.nodes.get(source_id)?.state ?? ''),
    )
}

async function outputOf(tenant: Tenant, key: string, work: Work, run: LastRun, rerun: Rerun): ReturnType<Rerun> {
  const made = await rerun(work)
  if (made) return made
  const [memo] = await tenant.snapshot.rows<{ hash: string; content_type: string }>(
    'select content_hash as hash, content_type from dag.memo where tenant_id = $1 and key = $2',
    [tenant.id, key],
  )
  if (memo) return memo
  const { content_hash: hash, content_type } = run
  return run.key === key && hash !== null && content_type !== null ? { hash, content_type } : null
}

async function readLastRuns({ id, snapshot }: Tenant, blobIds: string[]): Promise<Map<string, LastRun>> {
  const rows = await snapshot.rows<LastRun>(
    `select distinct on (run.blob_id) run.blob_id, run.provider_id || '@' || run.provider_version as provider, run.key, run.content_hash,
       (select max(version) from dag.run made where made.blob_id = run.blob_id and made.outcome in ('version', 'memo')) as made,
       (select coalesce(overlay.generated_type, version.content_type) from blob.version
         left join blob.overlay on overlay.blob_id = version.blob_id and overlay.version = version.version
         where version.blob_id = run.blob_id and version.version = run.version) as content_type
     from dag.run where run.tenant_id = $1 and run.blob_id = any($2::uuid[]) and run.outcome in ('version', 'cutoff', 'memo')
     order by run.blob_id, run.epoch desc`,
    [id, blobIds],
  )
  return new Map(rows.map((row) => [row.blob_id, row]))
}

async function readEditedHeads({ id, snapshot }: Tenant, blobIds: string[]): Promise<Map<string, EditedHead>> {
  const rows = await snapshot.rows<EditedHead>(
    `select blob.id as blob_id, version.created_by = 'user' as by_user, overlay.generated_hash, overlay.generated_type
     from blob.blob join blob.version on version.blob_id = blob.id and version.version = blob.version
       left join blob.overlay on overlay.blob_id = blob.id and overlay.version = blob.version
     where blob.tenant_id = $1 and blob.id = any($2::uuid[]) and (version.created_by = 'user' or overlay.blob_id is not null)`,
    [id, blobIds],
  )
  return new Map(rows.map((row) => [row.blob_id, row]))
}
