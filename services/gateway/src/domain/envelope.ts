import { jsonExtent, parseStrictJson, StudioError, type JsonValue } from '@studio/kernel'
import { refused } from './json-text.ts'

/** A JSON envelope taken apart: what may be large comes as bytes and text, which pass between threads at no cost. */
export interface Envelope {
  /** Its members as JSON; `content`, `text` and `patch` are empty in it, for the schema to see where they do not belong. */
  readonly members: string
  /** The bytes that `content` or `text` stands for; null where it has neither. */
  readonly bytes: Uint8Array | null
  readonly isText: boolean
  /** `patch` as JSON; null where it has none. */
  readonly patch: string | null
}

/** Bytes of JSON that all members but `content`, `text` and `patch` may have together. */
export const membersLimit = 256 * 1024

/** Takes the body of a request apart; throws what `parseStrictJson` and `envelopeOf` do. */
export function parseEnvelope(body: Uint8Array): Envelope {
  return envelopeOf(parseStrictJson(body))
}

/** Takes a parsed envelope apart. Throws `invalid_request` where it is none, and `body_too_large` for its members. */
export function envelopeOf(value: unknown): Envelope {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused('', 'must be an object')
  const { content, text, patch, ...others } = value as Record<string, JsonValue>
  if (content !== undefined && text !== undefined)
    throw refused('', 'must have only one of content, text and content_id')
  if (content !== undefined && typeof content !== 'string') throw refused('/content', 'must be a string')
  if (text !== undefined && typeof text !== 'string') throw refused('/text', 'must be a string')
  const members = JSON.stringify({
    ...others,
    ...(content !== undefined && { content: '' }),
    ...(text !== undefined && { text: '' }),
    ...(patch !== undefined && { patch: '' }),
  })
  if (members.length > membersLimit)
    throw new StudioError('body_too_large', `All but content, text and patch may have ${membersLimit} bytes together.`)
  return {
    members,
    bytes: text === undefined ? (content === undefined ? null : decodeBase64(content)) : Buffer.from(text),
    isText: text !== undefined,
    patch: patch === undefined ? null : JSON.stringify(patch),
  }
}

/** Arrays, objects and members that a body may have which is parsed on the main thread: some 15 ms. */
const mostExtent = 65_536

/** Throws what `parseStrictJson` does for a text that is not strict JSON, and `body_too_large` where there is too much in it. */
export function checkJson(body: Uint8Array): void {
  if (jsonExtent(parseStrictJson(body)) > mostExtent)
    throw new StudioError('body_too_large', `Send at most ${mostExtent} arrays, objects and members together.`)
}

function decodeBase64(content: string): Buffer {
  const bytes = Buffer.from(content, 'base64')
  // Node's decoder skips what is not base64; only what comes back the same was base64.
  if (bytes.toString('base64') !== content)
    throw refused('/content', 'must be base64 (RFC 4648 section 4, with padding)')
  return bytes
}
