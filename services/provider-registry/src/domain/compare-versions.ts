/**
 * Precedence of two versions MAJOR.MINOR.PATCH as SemVer 2.0 section 11 has it: negative when `a` comes before `b`. What follows a `+`
 * (build metadata, section 10) has no precedence.
 */
export function compareVersions(a: string, b: string): number {
  const left = numbersOf(a)
  const right = numbersOf(b)
  for (const [index, number] of left.entries()) {
    const difference = number - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function numbersOf(version: string): number[] {
  return (version.split('+', 1)[0] ?? '').split('.').map(Number)
}
