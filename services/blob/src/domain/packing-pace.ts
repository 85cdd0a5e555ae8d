/** What the packer has to know of the moment: when the newest version was made, and the oldest that it has still to look at; null where there is none. */
export interface Traffic {
  newest: Date | null
  oldestLeft: Date | null
}

/** Writers that were silent for so long are done: an edit's cascade commits more often than that. */
export const quietMs = 2_000
/** What has waited for so long is packed under load as well, or the history of a busy studio would never shrink. */
export const patienceMs = 60_000
/** The part of a round that the packer then takes. */
export const busyShare = 0.05

/**
 * How long a round of the packer may work by now, in ms since it began: for ever while nobody writes, not at all while somebody does, and a small part
 * of its `roundMs` where writers have made it wait too long. Packing is in no hurry, and competes with cascades for the same processors.
 */
export function workingTime({ newest, oldestLeft }: Traffic, now: Date, roundMs: number): number {
  const passedSince = (time: Date | null): number => (time === null ? Infinity : now.getTime() - time.getTime())
  if (passedSince(newest) >= quietMs) return Infinity
  return oldestLeft !== null && passedSince(oldestLeft) >= patienceMs ? roundMs * busyShare : 0
}
