import type { ClaimInput, Provenance, ProvenanceEdge, ProvenanceNode } from '@studio/contracts'
import { StudioError } from '@studio/kernel'

/** What one answer holds at most. */
export const maximumVersions = 10_000
export const maximumInputs = 100_000

/** A version that went into another, with what the run that made it read; `inputs` null: there are more of them than an answer holds. */
export interface MadeVersion extends Omit<ProvenanceNode, 'delta_id'> {
  readonly inputs: readonly ClaimInput[] | null
}

/**
 * What made a version, from it and all that went into it; `deltaOf` tells the delta of a version that no run made, null for the others.
 */
export function provenanceOf(
  made: readonly MadeVersion[],
  deltaOf: (version: MadeVersion) => string | null,
): Pick<Provenance, 'nodes' | 'edges'> {
  return {
    nodes: made.map((one) => {
      const { inputs: _inputs, ...version } = one
      return { ...version, delta_id: deltaOf(one) }
    }),
    edges: made.flatMap((target) => edgesInto(target)),
  }
}

/** Throws provenance_too_large where not all was read. */
export function assertComplete(made: readonly MadeVersion[]): void {
  if (made.length <= maximumVersions && made.every(({ inputs }) => inputs !== null)) return
  throw new StudioError(
    'provenance_too_large',
    `More than ${maximumVersions} versions or ${maximumInputs} inputs went into it: GET …/runs names what it was made of, ask for the provenance of those.`,
  )
}

function edgesInto({ blob_id: target_id, version: target_version, inputs }: MadeVersion): ProvenanceEdge[] {
  const places = new Map<string, number>()
  return (inputs ?? []).map(({ name, blob_id, version }) => {
    const ordinal = places.get(name) ?? 0
    places.set(name, ordinal + 1)
    return { source_id: blob_id, source_version: version, target_id, target_version, input: name, ordinal }
  })
}
