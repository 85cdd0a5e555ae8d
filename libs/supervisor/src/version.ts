/** Major, minor and patch. */
export type Version = readonly [number, number, number]

/** The first `1.2.3` or `18.4` in a text such as the answer to `--version`; undefined when it holds none. */
export function parseVersion(text: string): Version | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text)
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/** `1.2.3`. */
export function formatVersion(version: Version): string {
  return version.join('.')
}

/** From the lowest version on, up to but not including the next major one. */
export interface VersionRange {
  atLeast: Version
  belowMajor: number
}

/** True when the version lies in the range. */
export function fits(version: Version, range: VersionRange): boolean {
  return compareVersions(version, range.atLeast) >= 0 && version[0] < range.belowMajor
}
