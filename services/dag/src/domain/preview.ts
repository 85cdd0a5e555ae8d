import type { GraphEdge, PreviewStatus, Provider } from '@studio/contracts'
import { contentsByName, derivationKey } from '@studio/kernel'
import { levelsOf } from './levels.ts'
import type { NodeRow } from './ports.ts'
import { withReadings } from './readings.ts'

/** What a blob holds: all that a derivation key sees of it. */
export interface Held {
  readonly content_hash: string
  readonly content_type: string
}

export type PreviewedBlob = Pick<
  NodeRow,
  | 'blob_id'
  | 'provider_id'
  | 'provider_version'
  | 'config'
  | 'state'
  | 'doomed'
  | 'version'
  | 'content_hash'
  | 'content_type'
  | 'output_hash'
  | 'overlay'
  | 'last_key'
  | 'readings'
>

/** What is known when somebody asks what a change would cause. */
export interface Previewed {
  readonly rootId: string
  /** What the root would hold; null: it is derived, and is judged as the blobs below it are. */
  readonly held: Held | null
  /** Whether the root holds something else by now, so that all below it becomes dirty. */
  readonly changed: boolean
  /** The root and all below it. */
  readonly ids: readonly string[]
  /** These, and what else feeds them. */
  readonly blobs: ReadonlyMap<string, PreviewedBlob>
  /** All inputs of what is below the root, in the order of name and place. */
  readonly edges: readonly GraphEdge[]
  /** Current versions, by id. */
  readonly providers: ReadonlyMap<string, Pick<Provider, 'id' | 'version' | 'status' | 'inputs'> | null>
}

export interface Verdict {
  readonly blob: PreviewedBlob
  readonly level: number
  readonly status: PreviewStatus
  /** The version that would run; null where none would. */
  readonly runs: string | null
  readonly changed_inputs: string[]
}

/** What a blob gives to those below it: what it will hold, or that nobody can say yet, that it hinders them, or that it is not there. */
type Given = Held | 'unknown' | 'stuck' | 'absent'

interface GivenInput {
  readonly name: string
  readonly source: PreviewedBlob
  readonly given: Given
}

type Judged = PreviewStatus | { readonly key: string }

/**
 * What each blob at and below a root will have to do, level by level, as claims will decide it later: the key of known inputs is that of the last run, is
 * recorded, or asks for a run, below which nothing is known. `findMemos` answers recorded outputs by key.
 */
export async function preview(
  known: Previewed,
  findMemos: (keys: readonly string[]) => Promise<ReadonlyMap<string, Held>>,
): Promise<Verdict[]> {
  const given = new Map<string, Given>([...known.blobs].map(([id, blob]) => [id, standing(blob)]))
  if (known.held !== null) given.set(known.rootId, known.held)
  const inputs = Map.groupBy(known.edges, (edge) => edge.target_id)
  const verdicts: Verdict[] = []
  // Of several blobs of one key one runs, and the others take what it records.
  const computed = new Set<string>()

  for (const [level, blobs] of byLevel(known)) {
    const judged = blobs.flatMap((blob) => {
      const sources = inputsOf(inputs.get(blob.blob_id) ?? [], known, given)
      const judgement = judge(blob, sources, known)
      return judgement === null ? [] : [{ blob, sources, judgement }]
    })
    const keys = judged.flatMap(({ judgement }) => (typeof judgement === 'string' ? [] : [judgement.key]))
    const memos: ReadonlyMap<string, Held> = keys.length > 0 ? await findMemos(keys) : new Map()
    for (const { blob, sources, judgement } of judged) {
      const key = typeof judgement === 'string' ? null : judgement.key
      const memo = key === null ? undefined : memos.get(key)
      const shares = key !== null && computed.has(key)
      if (key !== null) computed.add(key)
      const status = typeof judgement === 'string' ? judgement : memo || shares ? 'memo' : 'will_run'
      const runs = status === 'will_run' || status === 'may_run'
      const isOpen = runs || shares
      given.set(
        blob.blob_id,
        memo ? underOverlay(blob, memo) : isOpen ? 'unknown' : status === 'fresh' ? standing(blob, 'settled') : 'stuck',
      )
      verdicts.push({
        blob,
        level,
        status,
        runs: runs ? (known.providers.get(blob.provider_id ?? '')?.version ?? null) : null,
        changed_inputs: [...new Set(sources.filter(isChanged).map(({ source }) => source.blob_id))],
      })
    }
  }
  return verdicts
}

/** What a blob gives when its provider makes this: what comes of a user's edit and a new output nobody knows before they are merged. */
function underOverlay(blob: PreviewedBlob, made: Held): Given {
  if (blob.overlay === null) return made
  return made.content_hash === (blob.output_hash ?? blob.content_hash) ? standing(blob, 'settled') : 'unknown'
}

/** Derived blobs that are to be judged, those without inputs among them first. */
function byLevel({ rootId, held, ids, blobs, edges }: Previewed): [number, PreviewedBlob[]][] {
  const levels = levelsOf(ids, edges)
  const judged = ids
    .flatMap((id) => blobs.get(id) ?? [])
    .filter((blob) => blob.provider_id !== null && (held === null || blob.blob_id !== rootId))
  return [...Map.groupBy(judged, (blob) => levels.get(blob.blob_id) ?? 0)].sort(([one], [other]) => one - other)
}

/** What a blob that this preview does not judge gives. */
function standing({ state, doomed, content_hash, content_type }: PreviewedBlob, as = state): Given {
  if (as === 'deleted' || doomed) return 'absent'
  if (as === 'failed' || as === 'cancelled' || as === 'blocked') return 'stuck'
  if (as === 'dirty' || as === 'running') return 'unknown'
  return content_hash !== null && content_type !== null ? { content_hash, content_type } : 'absent'
}

function inputsOf(edges: readonly GraphEdge[], { blobs }: Previewed, given: ReadonlyMap<string, Given>): GivenInput[] {
  return edges.flatMap(({ input: name, source_id }) => {
    const source = blobs.get(source_id)
    const gives = given.get(source_id) ?? 'absent'
    return source === undefined || gives === 'absent' ? [] : [{ name, source, given: gives }]
  })
}

/** null: it is not there, and nothing brings it back. */
function judge(blob: PreviewedBlob, inputs: readonly GivenInput[], { changed, providers }: Previewed): Judged | null {
  const { state, doomed, version, last_key, config, readings } = blob
  if (!changed) {
    if (state === 'deleted' || doomed) return null
    if (state === 'settled') return 'fresh'
    if (state === 'failed' || state === 'cancelled' || state === 'blocked') return state
  }
  if (inputs.some(({ given }) => given === 'stuck')) return 'blocked'
  const provider = providers.get(blob.provider_id ?? '')
  if (!provider) return 'provider_not_found'
  if (provider.status === 'disabled') return 'provider_disabled'
  if (Object.keys(provider.inputs).some((name) => !inputs.some((input) => input.name === name))) return 'input_missing'
  const held = withReadings(
    inputs.flatMap(({ name, given }) => (typeof given === 'string' ? [] : [{ name, ...given }])),
    readings,
  )
  if (held.length < inputs.length) return 'may_run'
  // What the provider will read of a content that it has not seen is not known here.
  if (readings !== null && held.some(({ read_hash }) => read_hash === undefined)) return 'may_run'
  const key = derivationKey({
    provider_id: provider.id,
    provider_version: provider.version,
    config,
    inputs: contentsByName(held),
  })
  return key === last_key && version > 0 ? 'fresh' : { key }
}

function isChanged({ source, given }: GivenInput): boolean {
  if (typeof given === 'string') return given === 'unknown'
  return given.content_hash !== source.content_hash || given.content_type !== source.content_type
}
