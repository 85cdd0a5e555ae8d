const windowMs = 60_000
const restartsPerWindow = 5
const firstDelayMs = 250

/**
 * How long to wait before a part that has died is started again, in ms; undefined when it died too often (more than five
 * times within a minute) and is to stay down. The wait doubles with every restart of the last minute.
 * @param restartedAt moments of earlier restarts, ms since the epoch
 * @param now ms since the epoch
 */
export function restartDelayMs(restartedAt: readonly number[], now: number): number | undefined {
  const recent = restartedAt.filter((moment) => now - moment < windowMs).length
  return recent >= restartsPerWindow ? undefined : firstDelayMs * 2 ** recent
}
