/**
 * Cascades, as SQL, to which a node goes on to belong beside the one that takes it over (`heir`: its id): those of the candidates that are open, and whose change it has still
 * to take in. A newer edit of the same root says all that an older one said: `isSaidAnew`, as SQL over `other`, whether one has come.
 */
export function membersLeft(candidates: string, heir: string, isSaidAnew: string): string {
  return `array(select other.id from cascade as other
    where other.id = any(${candidates}) and other.id <> ${heir} and other.settled_at is null and other.cancelled_at is null
      and not (other.caused_by is not null and ${isSaidAnew}))`
}
