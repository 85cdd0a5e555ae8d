import type { Provider, TriggerEvent, TriggerPolicy, TriggerSubject } from '@studio/contracts'
import type { z } from 'zod'
import { derivedBlobId } from '@studio/kernel'
import type { NewDerivation } from './ports.ts'

/** A derivation deeper than this is not made: something feeds on itself. */
export const maximumDepth = 64

/** A blob whose new version triggers may look at. */
export interface TriggerSource {
  tenant_id: string
  blob_id: string
  user_id: string
  event: z.infer<typeof TriggerEvent>
  content_type: string
  content_hash: string
  size: number
  created_by: string
  ancestry: string[]
  root_id: string
  depth: number
  providers: TriggerPolicy
}

export function subjectOfTrigger(source: TriggerSource): TriggerSubject {
  const { tenant_id, event, content_type, content_hash, size, created_by, ancestry, providers } = source
  return { tenant_id, event, content_type, content_hash, size, created_by, ancestry, providers }
}

/** The derivation that a provider with one input makes from one blob. `label` tells apart several of the same provider on the same blob. */
export function deriveFrom(
  source: Pick<TriggerSource, 'tenant_id' | 'blob_id' | 'user_id' | 'ancestry' | 'root_id' | 'depth'>,
  provider: Provider,
  config: Record<string, unknown>,
  label: string,
): NewDerivation {
  const inputs = Object.fromEntries(Object.keys(provider.inputs).map((name) => [name, [source.blob_id]]))
  return {
    blob_id: derivedBlobId(source.tenant_id, provider.id, inputs, label),
    user_id: source.user_id,
    provider_id: provider.id,
    config,
    label,
    ancestry: [...new Set([...source.ancestry, provider.id])],
    parent_id: source.blob_id,
    root_id: source.root_id,
    depth: source.depth + 1,
    inputs,
  }
}

/** The derivations that the matching providers make from blobs, in the order of the blobs. Several versions of a blob, told at once, ask for the same one. */
export function triggeredDerivations(
  sources: readonly TriggerSource[],
  matches: readonly (readonly Provider[])[],
): NewDerivation[] {
  const derivations = sources.flatMap((source, index) =>
    source.depth >= maximumDepth
      ? []
      : (matches[index] ?? []).map((provider) => deriveFrom(source, provider, provider.default_config, '')),
  )
  return [...new Map(derivations.map((derivation) => [derivation.blob_id, derivation])).values()]
}
