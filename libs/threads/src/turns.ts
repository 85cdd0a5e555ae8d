/** How long work may go on before the event loop has its turn. */
const longestMs = 5

let began: number | undefined

/**
 * Whether this turn of the event loop has time left for work; else wait for the next one (`setImmediate`) and ask again. Many small pieces of
 * work one after another then hold the loop no longer than one large piece.
 */
export function hasTime(): boolean {
  if (began !== undefined) return performance.now() - began <= longestMs
  began = performance.now()
  setImmediate(() => (began = undefined))
  return true
}
