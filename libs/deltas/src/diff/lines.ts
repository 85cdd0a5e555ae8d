/** Texts of more bytes or lines than these are not compared line by line. */
const mostBytes = 2_097_152
const mostLines = 25_000

/** The lines of UTF-8 text, each with its line end (LF); undefined where there are too many to compare. */
export function linesOf(bytes: Uint8Array): string[] | undefined {
  if (bytes.length > mostBytes || countLineEnds(bytes, 0, bytes.length) > mostLines) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const lines = text.split('\n').map((line) => `${line}\n`)
  // What is behind the last line end is a line without one, or nothing.
  const last = lines.pop()?.slice(0, -1)
  return last ? [...lines, last] : lines
}

export function countLineEnds(text: Uint8Array, from: number, to: number): number {
  let count = 0
  for (let at = from; at < to; at++) if (text[at] === 0x0a) count++
  return count
}
