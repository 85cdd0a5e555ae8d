/** How many bytes two contents have in common at their start and, without those, at their end. */
export function trimCommon(one: Uint8Array, other: Uint8Array): { start: number; end: number } {
  const most = Math.min(one.length, other.length)
  const start = commonLength(most, (from, to) => compare(one, from, to, other, from, to))
  const end = commonLength(most - start, (from, to) =>
    compare(one, one.length - to, one.length - from, other, other.length - to, other.length - from),
  )
  return { start, end }
}

/** The longest prefix of 0 … most that `equal` says yes to, found chunk by chunk and then by halves: memcmp does the work. */
function commonLength(most: number, equal: (from: number, to: number) => boolean): number {
  let length = 0
  for (let step = 65_536; step >= 1;) {
    if (length + step <= most && equal(length, length + step)) length += step
    else step = Math.floor(step / 2)
  }
  return length
}

function compare(
  one: Uint8Array,
  from: number,
  to: number,
  other: Uint8Array,
  otherFrom: number,
  otherTo: number,
): boolean {
  return Buffer.compare(one.subarray(from, to), other.subarray(otherFrom, otherTo)) === 0
}
