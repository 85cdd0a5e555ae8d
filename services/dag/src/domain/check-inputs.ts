import type { DerivationInputs, InputSlot, Provider } from '@studio/contracts'
import { matchesContentType, StudioError } from '@studio/kernel'

/** What is known of a blob that is to be an input; without a content type it is not made yet, and is judged when it is read. */
export interface InputBlob {
  readonly content_type: string | null
  readonly size: number | null
}

/**
 * Whether a provider takes these blobs: each of its inputs given, by names that it has, one blob or a list, of types and sizes that it
 * reads. Throws `provider_disabled` and `input_not_supported`, with a pointer to what is wrong.
 */
export function checkInputs(provider: Provider, inputs: DerivationInputs, blobs: ReadonlyMap<string, InputBlob>): void {
  if (provider.status === 'disabled')
    throw new StudioError('provider_disabled', `Enable the provider ${provider.id} first.`)
  const names = Object.keys(provider.inputs)
  const [unknown] = Object.keys(inputs).filter((name) => !names.includes(name))
  if (unknown !== undefined)
    throw unsupported(`/inputs/${unknown}`, `${provider.id} has no such input; it takes ${names.join(', ')}.`)
  for (const [name, slot] of Object.entries(provider.inputs)) {
    const given = inputs[name] ?? []
    const pointer = `/inputs/${name}`
    if (given.length === 0) throw unsupported(pointer, `${provider.id} needs this input.`)
    if (given.length > 1 && !slot.list) throw unsupported(pointer, `${provider.id} takes one blob here.`)
    for (const [at, id] of given.entries())
      checkBlob(provider, slot, blobs.get(id), slot.list ? `${pointer}/${at}` : pointer)
  }
}

function checkBlob(provider: Provider, slot: InputSlot, blob: InputBlob | undefined, pointer: string): void {
  const type = blob?.content_type ?? null
  if (type !== null && !slot.types.some((pattern) => matchesContentType(pattern, type)))
    throw unsupported(pointer, `${provider.id} takes ${slot.types.join(', ')} here, and this blob is ${type}.`)
  const size = blob?.size ?? 0
  if (size > provider.max_input_bytes)
    throw unsupported(
      pointer,
      `${provider.id} takes at most ${provider.max_input_bytes} bytes, and this blob has ${size}.`,
    )
}

function unsupported(pointer: string, detail: string): StudioError {
  return new StudioError('input_not_supported', `${pointer}: ${detail}`, {
    extensions: { errors: [{ pointer, detail }] },
  })
}
