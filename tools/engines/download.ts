import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

const connectMs = 3_000
const stallMs = 15_000

/** `12.3 MB of 44.5 MB` */
export function formatBytes(done: number, total?: number): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
  return total ? `${megabytes(done)} of ${megabytes(total)}` : megabytes(done)
}

/**
 * Downloads `url` into `file` and checks its SHA-256 while it comes in. Throws after 3 s without an answer, 15 s without a byte,
 * or at another hash; the file is then worthless.
 */
export async function download(
  url: string,
  file: string,
  sha256: string,
  report: (detail: string) => void,
): Promise<void> {
  const abort = new AbortController()
  let timer = setTimeout(() => abort.abort(new Error('no answer')), connectMs)
  try {
    const response = await fetch(url, { signal: abort.signal })
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`)
    const total = Number(response.headers.get('content-length')) || undefined
    const hash = createHash('sha256')
    const out = createWriteStream(file)
    let done = 0
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      clearTimeout(timer)
      timer = setTimeout(() => abort.abort(new Error('the download has stalled')), stallMs)
      hash.update(chunk)
      if (!out.write(chunk)) await once(out, 'drain')
      done += chunk.length
      report(formatBytes(done, total))
    }
    out.end()
    await finished(out)
    const found = hash.digest('hex')
    if (found !== sha256) throw new Error(`its SHA-256 is ${found}, not ${sha256}`)
  } finally {
    clearTimeout(timer)
  }
}
