import type { ClaimInput, ClaimItem } from '@studio/contracts'
import { contentsByName, derivationKey, sha256 } from '@studio/kernel'
import type { Provider } from './provider.ts'
import type { RunItem } from './run-item.ts'

/** A node with the key of these inputs. Where the provider reads a part of them only, that is what the key is made of; `contents` has their bytes then. */
export function withKey(
  { project }: Pick<Provider, 'project'>,
  item: ClaimItem,
  given: readonly ClaimInput[],
  contents: ReadonlyMap<string, Uint8Array>,
): RunItem {
  const { provider_id, provider_version, config } = item
  const inputs = given.map((input) => {
    const read_hash = project && readHash(project, input, config, contents.get(input.content_hash))
    return read_hash === undefined ? input : { ...input, read_hash }
  })
  const isKnown = item.key !== null && project === undefined
  const key = isKnown
    ? item.key
    : derivationKey({ provider_id, provider_version, config, inputs: contentsByName(inputs) })
  return { ...item, inputs, key: key ?? '' }
}

/** undefined: the whole counts, also where the provider makes nothing of it: then its run says why. */
function readHash(
  project: NonNullable<Provider['project']>,
  { name, content_type }: ClaimInput,
  config: unknown,
  bytes: Uint8Array | undefined,
): string | undefined {
  if (bytes === undefined) return undefined
  try {
    return sha256(project({ bytes, content_type }, name, config))
  } catch {
    return undefined
  }
}
