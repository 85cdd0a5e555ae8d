import type { ProviderManifest } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { compareVersions } from './compare-versions.ts'
import { findTriggerCycle } from './find-trigger-cycle.ts'

export interface RegistrationState {
  /** Digest that this version of the provider is registered with; null: it is not. */
  registeredDigest: string | null
  currentVersion: string | null
  /** Manifests that are current in the same scope (the owner's and the common ones). */
  current: readonly ProviderManifest[]
  /** A tenant registers an id that a common provider has. */
  takenByCommon: boolean
}

export interface Registration {
  isNew: boolean
  becomesCurrent: boolean
}

/**
 * What a registration changes. A version becomes current unless a later one is: of two that differ in build metadata only, the one
 * registered last. Throws `provider_version_conflict`, `invalid_manifest` (id taken, trigger cycle).
 */
export function decideRegistration(manifest: ProviderManifest, digest: string, state: RegistrationState): Registration {
  const { registeredDigest, currentVersion } = state
  if (state.takenByCommon) {
    throw new StudioError('invalid_manifest', `Choose another id: ${manifest.id} is a provider of the studio itself.`)
  }
  if (registeredDigest !== null && registeredDigest !== digest) {
    throw new StudioError(
      'provider_version_conflict',
      `${manifest.id}@${manifest.version} is registered with another manifest: give the changed provider a new version.`,
    )
  }
  const becomesCurrent =
    currentVersion !== manifest.version &&
    (currentVersion === null || compareVersions(manifest.version, currentVersion) >= 0)
  if (becomesCurrent) {
    const cycle = findTriggerCycle([...state.current.filter(({ id }) => id !== manifest.id), manifest])
    if (cycle !== null) {
      throw new StudioError(
        'invalid_manifest',
        `Its triggers make a loop: ${cycle.join(' → ')}. Change trigger_created_by.`,
      )
    }
  }
  return { isNew: registeredDigest === null, becomesCurrent }
}
