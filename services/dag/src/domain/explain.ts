import type {
  ClaimInput,
  Explanation,
  Freshness,
  LastChange,
  OverlayState,
  PauseReason,
  Provider,
  Reason,
  Run,
} from '@studio/contracts'
import { canonicalJson, contentsByName, derivationKey } from '@studio/kernel'
import type { NodeRow } from './ports.ts'
import { withReadings } from './readings.ts'

/** An input as it stands now. */
export interface InputNow extends ClaimInput {
  /** The delta that made its version, where that is known. */
  readonly delta_id: string | null
}

/** What is known of a blob when somebody asks why it is as it is. */
export interface Known {
  readonly node: NodeRow
  /** Inputs that are there, by name and place. */
  readonly inputs: readonly InputNow[]
  /** Blobs that feed it and have not settled, those that were never made included. */
  readonly unsettledInputs: readonly string[]
  /** The current version of its provider; null where there is none. */
  readonly provider: Pick<Provider, 'id' | 'version'> | null
  /** The newest run that settled it, and the one that made its version. */
  readonly settledBy: Run | null
  readonly madeBy: Run | null
  /** Whether what `settledBy` read has been purged: its key is forgotten. */
  readonly isForgotten: boolean
  /** The run of its last change, ended in any way. */
  readonly lastRun: Run | null
  readonly cascade: {
    readonly id: string
    readonly root_id: string
    readonly caused_by: string | null
    readonly started_at: string
    /** Why it is paused, if it is. */
    readonly paused_by: PauseReason | null
  } | null
  /** Blobs above it that have failed or were cancelled. */
  readonly failedAbove: readonly string[]
  /** Inputs that its last change made anew and that came out equal. */
  readonly equalInputs: readonly string[]
  readonly workflowId: string | null
}

/** Why a blob is fresh, stale or outdated, what made it, and what the last change above it meant for it. */
export function explain(known: Known): Omit<Explanation, 'publication'> {
  const { node, madeBy } = known
  const reasons = node.provider_id === null || node.state === 'deleted' ? [] : reasonsOf(known)
  const freshness = freshnessOf(known, reasons)
  const last_change = lastChangeOf(known)
  return {
    blob_id: node.blob_id,
    provider_id: node.provider_id,
    state: node.state,
    freshness,
    overlay: node.state === 'deleted' ? null : node.overlay,
    summary: summarise(known, freshness, reasons, last_change),
    reasons,
    made_by: madeBy && {
      run_id: madeBy.id,
      provider_id: madeBy.provider_id,
      provider_version: madeBy.provider_version,
      inputs: madeBy.inputs,
      outcome: madeBy.outcome,
      version: madeBy.version,
      workflow_id: madeBy.workflow_id,
      finished_at: madeBy.finished_at,
    },
    last_change,
  }
}

const outdating: ReadonlySet<Reason['code']> = new Set(['provider_version_changed', 'configuration_changed'])
/** What a blob is about to become or failed to says nothing of its inputs. */
const ofItself: ReadonlySet<Reason['code']> = new Set(['queued', 'paused', 'running', 'failed', 'cancelled'])

function freshnessOf({ node }: Known, reasons: readonly Reason[]): Freshness {
  if (node.state === 'deleted') return 'deleted'
  if (reasons.length === 0) return 'fresh'
  const differences = reasons.filter(({ code }) => !ofItself.has(code))
  return differences.length > 0 && differences.every(({ code }) => outdating.has(code)) ? 'outdated' : 'stale'
}

function reasonsOf(known: Known): Reason[] {
  const { settledBy } = known
  const differences: Reason[] =
    settledBy === null
      ? [{ code: 'never_run' }]
      : [
          ...changedInputs(withReadings(known.inputs, known.node.readings), settledBy.inputs),
          ...changedDerivation(known, settledBy),
        ]
  return [...differences, ...stateReasons(known)]
}

/** Inputs of equal contents are equal, whichever blobs they are of: so the key has them. */
function changedInputs(inputs: readonly InputNow[], inputsThen: readonly ClaimInput[]): Reason[] {
  if (canonicalJson(contentsByName(inputs)) === canonicalJson(contentsByName(inputsThen))) return []
  const now = byPlace(inputs)
  const then = byPlace(inputsThen)
  const reasons: Reason[] = []
  for (const [place, input] of now) {
    const { name, blob_id } = input
    const was = then.get(place)
    if (was === undefined) reasons.push({ code: 'input_added', input: name, blob_id })
    else if (readOf(was) !== readOf(input) || was.content_type !== input.content_type)
      reasons.push({
        code: 'input_changed',
        input: name,
        blob_id,
        from_version: was.version,
        to_version: input.version,
        delta_id: input.delta_id,
      })
  }
  for (const [place, { name, blob_id }] of then)
    if (!now.has(place)) reasons.push({ code: 'input_removed', input: name, blob_id })
  for (const name of new Set(inputs.map((input) => input.name)))
    if (orderOf(now, then, name) !== orderOf(then, now, name))
      reasons.push({ code: 'input_order_changed', input: name })
  return reasons
}

function readOf({ content_hash, read_hash }: ClaimInput): string {
  return read_hash ?? content_hash
}

/** Inputs by name and blob; a list may have a blob several times. */
function byPlace<Input extends ClaimInput>(inputs: readonly Input[]): Map<string, Input> {
  const places = new Map<string, Input>()
  for (const input of inputs) {
    const { name, blob_id } = input
    let time = 1
    while (places.has(`${name} ${blob_id} ${time}`)) time++
    places.set(`${name} ${blob_id} ${time}`, input)
  }
  return places
}

/** The order of those inputs of a name that are there on the other side too. */
function orderOf(side: ReadonlyMap<string, ClaimInput>, other: ReadonlyMap<string, ClaimInput>, name: string): string {
  return [...side].flatMap(([place, input]) => (input.name === name && other.has(place) ? place : [])).join()
}

function changedDerivation({ node, provider, isForgotten }: Known, { key, provider_version, inputs }: Run): Reason[] {
  const reasons: Reason[] = []
  if (provider !== null && provider.version !== provider_version)
    reasons.push({ code: 'provider_version_changed', from: provider_version, to: provider.version })
  const asConfigured = derivationKey({
    provider_id: node.provider_id ?? '',
    provider_version,
    config: node.config,
    inputs: contentsByName(inputs),
  })
  if (asConfigured !== key && !isForgotten) reasons.push({ code: 'configuration_changed' })
  return reasons
}

function stateReasons({ node, cascade, unsettledInputs, failedAbove, workflowId }: Known): Reason[] {
  switch (node.state) {
    case 'running':
      return [{ code: 'running', workflow_id: workflowId }]
    case 'failed':
      return [{ code: 'failed', run_id: node.last_run_id, error: node.error }]
    case 'cancelled':
      return cascade === null ? [] : [{ code: 'cancelled', cascade_id: cascade.id }]
    case 'blocked':
      return [{ code: 'blocked', blob_ids: [...failedAbove] }]
    case 'dirty':
      if (unsettledInputs.length > 0) return [{ code: 'waiting', blob_ids: [...unsettledInputs] }]
      if (cascade?.paused_by && (node.held || cascade.paused_by === 'request'))
        return [{ code: 'paused', cascade_id: cascade.id, by: cascade.paused_by }]
      return [{ code: 'queued' }]
    default:
      return []
  }
}

function lastChangeOf({ node, cascade, lastRun, equalInputs }: Known): LastChange | null {
  if (cascade === null) return null
  const outcome = lastRun?.outcome ?? outcomeWithoutRun(node)
  return {
    cascade_id: cascade.id,
    root_id: cascade.root_id,
    delta_id: cascade.caused_by,
    at: cascade.started_at,
    run_id: lastRun?.id ?? null,
    outcome,
    equal_inputs: outcome === 'unchanged' ? [...equalInputs] : [],
  }
}

function outcomeWithoutRun({ state }: NodeRow): LastChange['outcome'] {
  if (state === 'dirty' || state === 'running' || state === 'blocked') return 'open'
  if (state === 'cancelled') return 'cancelled'
  // One that nobody had begun to make goes without a run.
  return state === 'deleted' ? 'deleted' : 'unchanged'
}

function summarise(
  { node, madeBy }: Known,
  freshness: Freshness,
  reasons: readonly Reason[],
  last: LastChange | null,
): string {
  if (freshness === 'deleted') return 'It has been deleted.'
  if (node.provider_id === null) return 'It is a source: nothing makes it but the changes of its users.'
  const made =
    madeBy === null
      ? ''
      : ` Version ${node.version} was made by ${madeBy.provider_id}@${madeBy.provider_version} of ${inWords(madeBy.inputs)}.`
  const edited = node.overlay === null ? '' : edits[node.overlay]
  if (freshness === 'fresh')
    return `${edited || 'It is what its inputs give.'}${made}${last === null || edited ? '' : ` ${consequence(last)}`}`
  return `It is ${freshness}: ${reasons.map(({ code }) => words[code]).join(', and ')}.${edited && ` ${edited}`}${made}`
}

const edits: Record<OverlayState, string> = {
  edited: 'It was edited by hand: it is what its inputs give, merged with that edit.',
  conflicted:
    'It was edited by hand, and what its inputs give now changes the same place: the edit stands until somebody settles it (GET and POST …/overlay).',
}

const words: Record<Reason['code'], string> = {
  never_run: 'it was never made',
  input_changed: 'an input has changed',
  input_added: 'an input was added',
  input_removed: 'an input is gone',
  input_order_changed: 'its inputs stand in another order',
  provider_version_changed: 'its provider has another version',
  configuration_changed: 'its configuration is another one',
  waiting: 'it waits for its inputs',
  queued: 'it waits for its turn',
  paused: 'its cascade is paused',
  running: 'it is being made',
  failed: 'its last run failed',
  cancelled: 'its cascade was cancelled',
  blocked: 'something above it has failed or was cancelled',
}

function inWords(inputs: readonly ClaimInput[]): string {
  const named = inputs.slice(0, 3).map(({ name, blob_id, version }) => `${name} = version ${version} of ${blob_id}`)
  return inputs.length > 3 ? `${named.join(', ')} and ${inputs.length - 3} more` : named.join(', ')
}

function consequence({ outcome, equal_inputs }: LastChange): string {
  switch (outcome) {
    case 'unchanged':
      return equal_inputs.length > 0
        ? 'The last change above it did not run it: its inputs were made anew and came out equal.'
        : 'The last change above it did not run it: what it reads of its inputs is what it was.'
    case 'memo':
      return 'The last change did not run its provider: what these inputs give was recorded.'
    case 'cutoff':
      return 'The last change ran its provider, which made what was there already: what is below it was left alone.'
    default:
      return 'The last change made this version.'
  }
}
