import type { ClaimInput } from '@studio/contracts'

/** Inputs as a derivation key has them: by name the content type and hash of each, in order. */
export function contentsByName(
  inputs: readonly Pick<ClaimInput, 'name' | 'content_type' | 'content_hash'>[],
): Record<string, [string, string][]> {
  const named: Record<string, [string, string][]> = {}
  for (const input of inputs) (named[input.name] ??= []).push([input.content_type, input.content_hash])
  return named
}
