import { isJsonType, scanJson, StudioError } from '@studio/kernel'
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

/**
 * The whole body, at most `limitBytes` of it (`body_too_large`). Encoded bodies are refused (`unsupported_media_type`): a few hundred bytes
 * of gzip can stand for hundreds of megabytes.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new StudioError('unsupported_media_type', 'Send the body without Content-Encoding.')
  }
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limitBytes) throw tooLarge(limitBytes)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (finish: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken)
      finish()
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size <= limitBytes) chunks.push(chunk)
      else settle(() => reject(tooLarge(limitBytes)))
    }
    const onEnd = (): void =>
      settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size)))
    const onBroken = (): void =>
      settle(() => reject(new StudioError('malformed_json', 'The connection ended before the body did.')))
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken)
  })
}

/**
 * The JSON value of the body of a public request. Raises `unsupported_media_type` for another content type, `malformed_json`,
 * `body_too_large`, and what `parsePublicJson` raises: it may be nested `maxDepth` levels deep (deeper values overflow whoever walks them).
 */
export async function readJson(
  request: IncomingMessage,
  options: { limitBytes: number; maxDepth?: number },
): Promise<unknown> {
  if (!isJsonType(request.headers['content-type'] ?? 'application/json')) {
    throw new StudioError('unsupported_media_type', 'Send the body as application/json.')
  }
  return parsePublicJson(await readBody(request, options.limitBytes), options.maxDepth)
}

/**
 * The JSON value of a text that a stranger sent. Raises `malformed_json`, and `invalid_request` where it is too deep or holds a number that
 * would not keep its value: JSON.parse makes 2^53 of 2^53 + 1, and Infinity of 1e400, which is written as null.
 */
export function parsePublicJson(body: Buffer, maxDepth = 64): unknown {
  refuseDepth(body, maxDepth)
  const value = parseJson(body)
  const { lostNumber } = scanJson(body.toString('utf8'))
  if (lostNumber === null) return value
  throw new StudioError(
    'invalid_request',
    `The number ${lostNumber.slice(0, 40)} cannot be kept exactly; send it as text.`,
  )
}

/** The value of a JSON text in UTF-8; `malformed_json` says where it breaks, without repeating the content. */
export function parseJson(body: Buffer): unknown {
  // Decoding would put U+FFFD in the place of broken bytes: the sender's text would be changed without a word.
  if (!isUtf8(body)) throw new StudioError('malformed_json', 'Send the JSON in UTF-8.')
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch (error) {
    throw new StudioError('malformed_json', whereItBreaks(body, error), { cause: error })
  }
}

// V8's message repeats part of the content, so only the place is taken from it, where it names one.
function whereItBreaks(body: Buffer, error: unknown): string {
  if (body.length === 0) return 'The body is empty.'
  const message = String((error as { message?: unknown }).message)
  const position = /position (\d+)/.exec(message)?.[1]
  if (position !== undefined) return `It breaks at character ${position}.`
  return message.includes('end of JSON') ? 'It ends too early.' : 'It holds a character that JSON does not allow there.'
}

const character = {
  quote: 0x22,
  backslash: 0x5c,
  openBracket: 0x5b,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const

/** Counts brackets outside of strings, before anything is built from them. */
export function refuseDepth(body: Buffer, maxDepth: number): void {
  let depth = 0
  let inString = false
  for (let index = 0; index < body.length; index++) {
    const byte = body[index]
    if (inString) {
      if (byte === character.backslash) index++
      else if (byte === character.quote) inString = false
    } else if (byte === character.quote) inString = true
    else if (byte === character.openBrace || byte === character.openBracket) {
      if (++depth > maxDepth) throw new StudioError('invalid_request', `Nest the JSON at most ${maxDepth} levels deep.`)
    } else if (byte === character.closeBrace || byte === character.closeBracket) depth--
  }
}

function tooLarge(limitBytes: number): StudioError {
  return new StudioError('body_too_large', `Send at most ${limitBytes} bytes.`)
}
