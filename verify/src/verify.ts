import type { ClientBase } from 'pg'
import { createContentReader } from './content-reader.ts'
import { checkContents } from './checks/contents.ts'
import { checkDerivations } from './checks/derivations.ts'
import { checkEvents } from './checks/events.ts'
import { checkHeads, computeRoots } from './checks/heads.ts'
import { checkHistory } from './checks/history.ts'
import { checkMemos } from './checks/memos.ts'
import { checkNodes } from './checks/nodes.ts'
import { checkOverlays } from './checks/overlays.ts'
import { checkPastHeads } from './checks/past-heads.ts'
import { checkPublications } from './checks/publications.ts'
import { checkPurges } from './checks/purges.ts'
import { checkQuiet } from './checks/quiet.ts'
import { checkRuns } from './checks/runs.ts'
import { createFindings, type Divergence, type Findings } from './findings.ts'
import { readGraph } from './graph.ts'
import { createReruns } from './rerun.ts'
import { createSnapshot, type Snapshot } from './snapshot.ts'

/** What was looked at of a tenant, and the Merkle roots over (blob, head hash): as all must be, and as blob has it. */
export interface TenantReport {
  readonly tenant_id: string
  readonly blobs: number
  readonly versions: number
  readonly contents: number
  readonly derivations: number
  /** Versions of derived blobs that stand under a user's edit. */
  readonly overlays: number
  readonly runs: number
  /** Runs of another configuration than their node has now: their outputs were compared with versions, and not made again. */
  readonly unverifiable_runs: number
  readonly memos: number
  readonly facts: number
  readonly expected_root: string
  readonly found_root: string
}

export interface VerifyReport {
  readonly divergences: readonly Divergence[]
  readonly tenants: readonly TenantReport[]
}

/**
 * Works out what every blob must be and compares it with what the services keep, all on one client, in the transaction that it stands in; of
 * all tenants, or of one alone. Nothing is written. Throws where the database does not answer.
 */
export async function verify(client: ClientBase, tenantId: string | null = null): Promise<VerifyReport> {
  const snapshot = createSnapshot(client)
  const findings = createFindings()
  await checkQuiet(snapshot, findings, tenantId)
  const tenants: TenantReport[] = []
  const wanted = tenantId === null ? await readTenants(snapshot) : [{ id: tenantId }]
  for (const { id } of wanted) tenants.push(await verifyTenant(snapshot, findings, id))
  return { divergences: findings.all, tenants }
}

function readTenants(snapshot: Snapshot): Promise<{ id: string }[]> {
  return snapshot.rows(
    `select tenant_id as id from blob.blob union select tenant_id from blob.version union select tenant_id from delta.delta
     union select tenant_id from dag.node order by id`,
  )
}

async function verifyTenant(snapshot: Snapshot, findings: Findings, id: string): Promise<TenantReport> {
  const contentReader = createContentReader(snapshot, id)
  const tenant = { id, snapshot, findings, contents: contentReader, heads: new Map() }
  const reruns = createReruns(contentReader)
  const contents = await checkContents(tenant)
  const versions = await checkHistory(tenant)
  const blobs = await checkHeads(tenant)
  await checkPastHeads(tenant)
  const overlays = await checkOverlays(tenant)
  await checkPurges(tenant)
  const graph = await readGraph(snapshot, id)
  // From here on the heads of derived blobs are what their inputs give, no longer what their deltas say.
  checkNodes(tenant, graph)
  const derivations = await checkDerivations(tenant, graph, reruns)
  const { runs, unverifiable } = await checkRuns(tenant, reruns)
  const memos = await checkMemos(tenant)
  await checkPublications(tenant)
  const facts = await checkEvents(tenant)
  const { expected, found } = await computeRoots(tenant)
  return {
    tenant_id: id,
    blobs,
    versions,
    contents,
    derivations,
    overlays,
    runs,
    unverifiable_runs: unverifiable,
    memos,
    facts,
    expected_root: expected,
    found_root: found,
  }
}
