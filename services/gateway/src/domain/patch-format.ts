import type { Change, PatchType } from '@studio/contracts'
import { essenceOf, StudioError } from '@studio/kernel'

/** Any change but whole content. */
export type Patch = Exclude<Change, { format: 'replace' }>

const formats: Readonly<Record<PatchType, Patch['format']>> = {
  'application/json-patch+json': 'json-patch',
  'application/merge-patch+json': 'merge-patch',
  'application/vnd.studio.text-patch+json': 'text',
  'text/x-diff': 'unified-diff',
}

/** For `Accept-Patch` (RFC 5789 section 3.1): the kinds of patches, and the envelope. */
export const acceptedPatches = [...Object.keys(formats), 'application/json'].join(', ')

/** The kind of patch that a content type names; undefined where it names none. `text/x-patch` is another name of `text/x-diff`. */
export function patchTypeOf(contentType: string): PatchType | undefined {
  const essence = essenceOf(contentType)
  if (essence === 'text/x-patch') return 'text/x-diff'
  return Object.hasOwn(formats, essence) ? (essence as PatchType) : undefined
}

/** A patch as its author wrote it. It is judged by delta-engine, against the version that it changes. */
export function patchOfText(type: PatchType, patch: string): Patch {
  return { format: formats[type], patch }
}

/** A patch that is a member of an envelope, as JSON; throws `malformed_patch` where it is of another kind of value than its type says. */
export function patchOfMember(type: PatchType, json: string): Patch {
  if (type !== 'text/x-diff') return patchOfText(type, json)
  if (json.startsWith('"')) return patchOfText(type, JSON.parse(json) as string)
  throw new StudioError('malformed_patch', 'Give a unified diff as a string.', {
    extensions: { errors: [{ pointer: '/patch', detail: 'must be a string' }] },
  })
}
