import { isDeepStrictEqual } from 'node:util'
import { derivationKey, runId, transformDeltaId } from '../digest.ts'
import type { Code } from '../findings.ts'
import { partsRead, type Reading } from '../reads.ts'
import type { Reruns } from '../rerun.ts'
import type { Tenant } from '../tenant.ts'

interface RunRow {
  id: string
  blob_id: string
  epoch: number
  provider: string
  key: string | null
  outcome: string
  version: number | null
  content_hash: string | null
  inputs: (Reading & { blob_id: string; version: number })[]
  /** Whether something that it read has been purged: then its key is none. */
  read_purged: boolean
  /** Whether what it made has been. */
  made_purged: boolean
  /** Its node's configuration as it is now. */
  config: unknown
  /** What the derivation took when the run ended, in order: `name blob`. */
  wired: string[]
  /** What the versions of its inputs have: `hash type`, null where there is no such version. */
  held: (string | null)[]
  /** The version that it names, as blob has it. */
  held_version: { content_hash: string; operation: string; delta_id: string } | null
  /** Whether a user wrote that version, and whether an edit stands there: then it may hold something else. */
  is_users: boolean
  is_overlaid: boolean
}

export interface RunCounts {
  runs: number
  /** Of another configuration than the node has now: their keys, and so their outputs, cannot be computed again. */
  unverifiable: number
}

/**
 * Holds each recorded run that a worker ended to what the derivation took then, to the versions that it read, to the version that it made,
 * and, where its key can be computed, to what the provider makes of its inputs.
 */
export async function checkRuns(tenant: Tenant, reruns: Reruns): Promise<RunCounts> {
  const counts = { runs: 0, unverifiable: 0 }
  let last: LastVersion | undefined
  for await (const run of readRuns(tenant)) {
    counts.runs++
    const report = (code: Code, expected: unknown, found: unknown): void =>
      tenant.findings.add(code, { tenant_id: tenant.id, blob_id: run.blob_id, version: run.version }, expected, found)
    const id = runId(run.blob_id, run.epoch)
    if (run.id !== id) report('run_id_wrong', id, run.id)
    checkInputs(run, report)
    last = checkVersion(run, last?.blob_id === run.blob_id ? last : undefined, report)
    if (!(await checkOutput(tenant, run, reruns, report))) counts.unverifiable++
  }
  return counts
}

type Report = (code: Code, expected: unknown, found: unknown) => void

/** A deleted blob is no input, so the inputs may be fewer than what is wired, never others and never in another order. */
function checkInputs({ inputs, wired, held }: RunRow, report: Report): void {
  let at = 0
  const given = inputs.map(({ name, blob_id }) => `${name} ${blob_id}`)
  const isInOrder = given.every((input) => (at = wired.indexOf(input, at) + 1) > 0)
  if (!isInOrder) report('run_inputs_wrong', wired, given)
  inputs.forEach((input, index) => {
    const recorded = `${input.content_hash} ${input.content_type}`
    if (held[index] !== recorded)
      report('run_inputs_wrong', held[index], `${recorded} as version ${input.version} of ${input.blob_id}`)
  })
}

/** The newest version of a blob that a run has made so far. */
interface LastVersion {
  readonly blob_id: string
  readonly number: number
}

/** A run made its version, or found (cutoff, memo) that the newest one is what it would have made, or that a user's edit leaves that as it is. */
function checkVersion(run: RunRow, last: LastVersion | undefined, report: Report): LastVersion | undefined {
  const { blob_id, epoch, key, outcome, version, held_version, is_users, is_overlaid, read_purged } = run
  if (outcome === 'deleted' || version === null) return last
  const delta_id = transformDeltaId(blob_id, epoch, key ?? '')
  const isMaker = read_purged ? outcome === 'version' : held_version?.delta_id === delta_id
  const isUsers = is_users && !isMaker && outcome !== 'version'
  const expected = {
    content_hash: is_overlaid && held_version ? held_version.content_hash : run.content_hash,
    operation: isUsers ? held_version?.operation : 'transform',
    delta_id: !read_purged && (isMaker || outcome === 'version') ? delta_id : held_version?.delta_id,
  }
  if (!isDeepStrictEqual(expected, held_version)) report('run_version_wrong', expected, held_version)
  if (!isMaker) {
    const isFound = isUsers ? version > (last?.number ?? 0) : version === last?.number
    if (outcome !== 'version' && !isFound) report('run_version_wrong', last?.number, version)
    return last
  }
  if (last !== undefined && version <= last.number)
    report('run_out_of_order', `a version after ${last.number}`, `version ${version} in epoch ${epoch}`)
  return { blob_id, number: version }
}

/** False where the run's configuration is not known any more, or what it read has been purged. */
async function checkOutput(
  tenant: Tenant,
  { provider, config, inputs, key, content_hash, outcome, read_purged, made_purged }: RunRow,
  { rerun, isSame }: Reruns,
  report: Report,
): Promise<boolean> {
  if (outcome === 'deleted') return true
  const contents: Record<string, [string, string][]> = {}
  for (const input of inputs) (contents[input.name] ??= []).push([input.content_type, input.content_hash])
  if (read_purged || made_purged) return false
  const parts = await partsRead(tenant.contents, provider, config, contents, inputs)
  if (derivationKey(provider, config, parts) !== key) return false
  const output = await rerun({ provider, config, inputs: contents })
  if (output && 'error' in output) report('rerun_failed', content_hash, output.error)
  else if (output && !(await isSame(provider, output, content_hash)))
    report('run_output_wrong', output.hash, content_hash)
  return true
}

/** Those of a worker (`attempts` > 0): what dag settles by itself reads nothing and makes nothing. */
function readRuns({ id, snapshot }: Tenant): AsyncGenerator<RunRow, void> {
  return snapshot.stream<RunRow>(
    `select run.id, run.blob_id, run.epoch, run.provider_id || '@' || run.provider_version as provider, run.key, run.outcome, run.version,
       run.content_hash, run.inputs, node.config,
       exists (select from json_to_recordset(run.inputs) as input(blob_id uuid, version int)
         join dag.purged on purged.blob_id = input.blob_id and purged.version in (0, input.version)) as read_purged,
       exists (select from dag.purged where purged.blob_id = run.blob_id and purged.version in (0, run.version)) as made_purged,
       array(select edge.input || ' ' || edge.source_id from dag.edge
         where edge.target_id = run.blob_id and edge.valid_from <= run.finished_at and (edge.valid_to is null or edge.valid_to > run.finished_at)
         order by edge.input, edge.ordinal) as wired,
       array(select version.content_hash || ' ' || version.content_type
         from rows from (json_to_recordset(run.inputs) as (blob_id uuid, version int)) with ordinality as input(blob_id, version, place)
         left join blob.version on version.blob_id = input.blob_id and version.version = input.version and version.tenant_id = run.tenant_id
         order by place) as held,
       (select json_build_object('content_hash', version.content_hash, 'operation', version.operation, 'delta_id', version.delta_id)
         from blob.version where version.blob_id = run.blob_id and version.version = run.version) as held_version,
       exists (select from blob.version where version.blob_id = run.blob_id and version.version = run.version and created_by = 'user') as is_users,
       exists (select from blob.overlay where overlay.blob_id = run.blob_id and overlay.version = run.version) as is_overlaid
     from dag.run join dag.node on node.blob_id = run.blob_id
     where run.tenant_id = $1 and run.attempts > 0 and run.outcome <> 'failed'
     order by run.blob_id, run.epoch`,
    [id],
    200,
  )
}
