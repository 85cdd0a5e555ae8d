type Operation = { retain: number } | { insert: string } | { delete: number }

/** Applies a text delta: operations over code points; what they do not reach stays. Throws where they reach beyond the end. */
export function applyTextDelta(base: Buffer, operations: readonly Operation[]): Buffer {
  const text = base.toString('utf8')
  let at = 0
  const pass = (codePoints: number): string => {
    const start = at
    for (let left = codePoints; left > 0; left--) {
      const codePoint = text.codePointAt(at)
      if (codePoint === undefined) throw new Error('the delta reaches beyond the end of the text')
      at += codePoint > 0xffff ? 2 : 1
    }
    return text.slice(start, at)
  }
  const parts = operations.map((operation) => {
    if ('insert' in operation) return operation.insert
    if ('retain' in operation) return pass(operation.retain)
    pass(operation.delete)
    return ''
  })
  return Buffer.from(parts.join('') + text.slice(at), 'utf8')
}
