import type { ClaimInput, InputSlot, ProviderManifest } from '@studio/contracts'
import { matchesContentType, StudioError } from '@studio/kernel'
import type { InputContent, Inputs } from './provider.ts'

type Taking = Pick<ProviderManifest, 'name' | 'inputs' | 'max_input_bytes'>

/**
 * What a node's transform reads: for each input that the manifest names its blobs in order. Throws `input_not_supported` where an input is
 * missing or unknown, or a blob does not fit its slot, and `content_not_found` where `contents` (bytes by hash) has not got one.
 */
export function collectInputs(
  manifest: Taking,
  given: readonly ClaimInput[],
  contents: ReadonlyMap<string, Uint8Array>,
): Inputs {
  const byName = Map.groupBy(given, ({ name }) => name)
  for (const name of byName.keys()) {
    if (!Object.hasOwn(manifest.inputs, name)) throw refused(`${manifest.name} has no input "${name}".`)
  }
  return Object.fromEntries(
    Object.entries(manifest.inputs).map(([name, slot]) => {
      const blobs = byName.get(name) ?? []
      checkCount(manifest, name, slot, blobs.length)
      return [name, blobs.map((blob) => readInput(manifest, slot, blob, contents))]
    }),
  )
}

function checkCount(manifest: Taking, name: string, { list }: InputSlot, count: number): void {
  if (count === 0) throw refused(`${manifest.name} needs its input "${name}", which is missing.`)
  if (count > 1 && !list) throw refused(`${manifest.name} takes one blob as its input "${name}", not ${count}.`)
}

function readInput(
  manifest: Taking,
  slot: InputSlot,
  { name, content_hash, content_type }: ClaimInput,
  contents: ReadonlyMap<string, Uint8Array>,
): InputContent {
  const bytes = contents.get(content_hash)
  if (bytes === undefined) throw new StudioError('content_not_found', `Content ${content_hash} of an input is gone.`)
  if (!slot.types.some((pattern) => matchesContentType(pattern, content_type)))
    throw refused(`${manifest.name} takes ${slot.types.join(', ')} as its input "${name}", not ${content_type}.`)
  if (bytes.byteLength > manifest.max_input_bytes)
    throw refused(`${manifest.name} takes at most ${manifest.max_input_bytes} bytes as its input "${name}".`)
  return { bytes, content_type }
}

function refused(detail: string): StudioError {
  return new StudioError('input_not_supported', detail)
}
