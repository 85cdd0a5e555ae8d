import { isJsonType, parseStrictJson, StudioError } from '@studio/kernel'
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
 * The JSON value of the body of a public request. Raises `unsupported_media_type` for another content type, `body_too_large`, and what
 * `parseStrictJson` raises.
 */
export async function readJson(request: IncomingMessage, { limitBytes }: { limitBytes: number }): Promise<unknown> {
  if (!isJsonType(request.headers['content-type'] ?? 'application/json')) {
    throw new StudioError('unsupported_media_type', 'Send the body as application/json.')
  }
  return parseStrictJson(await readBody(request, limitBytes))
}

/** The JSON value of an internal body, that one of our own wrote: nothing of it is doubted but that it came in whole (`malformed_json`). */
export function parseInternalJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch (error) {
    throw new StudioError('malformed_json', 'The body is not JSON.', { cause: error })
  }
}

function tooLarge(limitBytes: number): StudioError {
  return new StudioError('body_too_large', `Send at most ${limitBytes} bytes.`)
}
