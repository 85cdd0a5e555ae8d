import type { ClaimInput, Explanation, Freshness, LastChange, Provider, Reason, Run } from '@studio/contracts'
import { derivationKey } from '@studio/kernel'
import { contentsByName } from './contents-by-name.ts'
import type { NodeRow } from './ports.ts'

/** An input as it stands now. */
export interface InputNow extends ClaimInput {
  readonly state: NodeRow['state']
  /** The delta that made its version, where that is known. */
  readonly delta_id: string | null
}

/** What is known of a blob when somebody asks why it is as it is. */
export interface Known {
  readonly node: NodeRow
  /** Inputs that are there, by name and place. */
  readonly inputs: readonly InputNow[]
  /** The current version of its provider; null where there is none. */
  readonly provider: Pick<Provider, 'id' | 'version'> | null
  /** The newest run that settled it, and the one that made its version. */
  readonly settledBy: Run | null
  readonly madeBy: Run | null
  /** The run of its last change, ended in any way. */
  readonly lastRun: Run | null
  readonly cascade: {
    readonly id: string
    readonly root_id: string
    readonly caused_by: string | null
    readonly started_at: string
  } | null
  /** Blobs above it that have failed. */
  readonly failedAbove: readonly string[]
  /** Inputs that its last change made anew and that came out equal. */
  readonly equalInputs: readonly string[]
  readonly workflowId: string | null
}

/** Why a blob is fresh, stale or outdated, what made it, and what the last change above it meant for it. */
export function explain(known: Known): Explanation {
  const { node, madeBy } = known
  const reasons = node.provider_id === null || node.state === 'deleted' ? [] : reasonsOf(known)
  const freshness = freshnessOf(known, reasons)
  const last_change = lastChangeOf(known)
  return {
    blob_id: node.blob_id,
    provider_id: node.provider_id,
    state: node.state,
    freshness,
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

function freshnessOf({ node }: Known, reasons: readonly Reason[]): Freshness {
  if (node.state === 'deleted') return 'deleted'
  if (reasons.length === 0) return 'fresh'
  return node.state === 'settled' && reasons.every(({ code }) => outdating.has(code)) ? 'outdated' : 'stale'
}

function reasonsOf(known: Known): Reason[] {
  const { settledBy } = known
  const differences: Reason[] =
    settledBy === null
      ? [{ code: 'never_run' }]
      : [...changedInputs(known.inputs, settledBy.inputs), ...changedDerivation(known, settledBy)]
  return [...differences, ...stateReasons(known)]
}

function changedInputs(now: readonly InputNow[], then: readonly ClaimInput[]): Reason[] {
  const before = new Map(then.map((input) => [placeOf(input), input]))
  const after = new Map(now.map((input) => [placeOf(input), input]))
  const reasons: Reason[] = []
  for (const [place, input] of after) {
    const { name, blob_id } = input
    const was = before.get(place)
    if (was === undefined) reasons.push({ code: 'input_added', input: name, blob_id })
    else if (was.content_hash !== input.content_hash || was.content_type !== input.content_type)
      reasons.push({
        code: 'input_changed',
        input: name,
        blob_id,
        from_version: was.version,
        to_version: input.version,
        delta_id: input.delta_id,
      })
  }
  for (const [place, { name, blob_id }] of before)
    if (!after.has(place)) reasons.push({ code: 'input_removed', input: name, blob_id })
  if (reasons.length === 0)
    for (const name of new Set(now.map((input) => input.name)))
      if (orderOf(now, name) !== orderOf(then, name)) reasons.push({ code: 'input_order_changed', input: name })
  return reasons
}

function placeOf({ name, blob_id }: ClaimInput): string {
  return `${name} ${blob_id}`
}

function orderOf(inputs: readonly ClaimInput[], name: string): string {
  return inputs
    .filter((input) => input.name === name)
    .map(({ blob_id }) => blob_id)
    .join()
}

function changedDerivation({ node, provider }: Known, { key, provider_version, inputs }: Run): Reason[] {
  const reasons: Reason[] = []
  if (provider !== null && provider.version !== provider_version)
    reasons.push({ code: 'provider_version_changed', from: provider_version, to: provider.version })
  const asConfigured = derivationKey({
    provider_id: node.provider_id ?? '',
    provider_version,
    config: node.config,
    inputs: contentsByName(inputs),
  })
  if (asConfigured !== key) reasons.push({ code: 'configuration_changed' })
  return reasons
}

function stateReasons({ node, inputs, failedAbove, workflowId }: Known): Reason[] {
  switch (node.state) {
    case 'running':
      return [{ code: 'running', workflow_id: workflowId }]
    case 'failed':
      return [{ code: 'failed', run_id: node.last_run_id, error: node.error }]
    case 'blocked':
      return [{ code: 'blocked', blob_ids: [...failedAbove] }]
    case 'dirty': {
      const waited = [...new Set(inputs.filter(({ state }) => state !== 'settled').map(({ blob_id }) => blob_id))]
      return waited.length > 0 ? [{ code: 'waiting', blob_ids: waited }] : [{ code: 'queued' }]
    }
    default:
      return []
  }
}

function lastChangeOf({ node, cascade, lastRun, equalInputs }: Known): LastChange | null {
  if (cascade === null) return null
  const isOpen = node.state === 'dirty' || node.state === 'running' || node.state === 'blocked'
  return {
    cascade_id: cascade.id,
    root_id: cascade.root_id,
    delta_id: cascade.caused_by,
    at: cascade.started_at,
    run_id: lastRun?.id ?? null,
    outcome: lastRun?.outcome ?? (isOpen ? 'open' : 'unchanged'),
    equal_inputs: lastRun || isOpen ? [] : [...equalInputs],
  }
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
  if (freshness === 'fresh') return `It is what its inputs give.${made}${last === null ? '' : ` ${consequence(last)}`}`
  return `It is ${freshness}: ${reasons.map(({ code }) => words[code]).join(', and ')}.${made}`
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
  running: 'it is being made',
  failed: 'its last run failed',
  blocked: 'something above it has failed',
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
        : 'The last change above it did not run it: its inputs are what they were.'
    case 'memo':
      return 'The last change did not run its provider: what these inputs give was recorded.'
    case 'cutoff':
      return 'The last change ran its provider, which made what was there already: what is below it was left alone.'
    default:
      return 'The last change made this version.'
  }
}
