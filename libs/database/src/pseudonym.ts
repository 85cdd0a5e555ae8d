/**
 * What stands for a purged hash, as SQL: 64 hexadecimal digits too, equal for equal hashes of one purge, and nothing to try guesses on once its key is
 * forgotten. `hash` and `secret` are SQL: a text, and 32 bytes. (A key before a message of fixed length makes a keyed function of a plain hash.)
 */
export const pseudonymOf = (hash: string, secret: string): string =>
  `encode(sha256(${secret}::bytea || convert_to(${hash}, 'UTF8')), 'hex')`

/** The type that purged content has: its own may tell what it was. */
export const purgedType = 'application/octet-stream'

/** Problem details without what may quote content, as SQL; null stays null. */
export const withoutDetail = (problem: string): string =>
  `case when ${problem} is not null then json_build_object('type', ${problem}->>'type', 'title', ${problem}->>'title', 'status', ${problem}->'status',
     'code', ${problem}->>'code', 'detail', 'purged', 'retryable', ${problem}->'retryable') end`
