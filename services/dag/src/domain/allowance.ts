import type { Budget, PauseReason, Spent } from '@studio/contracts'
import type { CascadeRow, NodeRow } from './ports.ts'

/** What ready nodes may begin, decided one after another; all that was admitted counts for the next one. */
export interface Allowance {
  /** Whether a run of this node may begin now. */
  admits(node: Pick<NodeRow, 'cascade_id' | 'key'>): boolean
  /** Runs that begin, by cascade. */
  readonly begun: ReadonlyMap<string, number>
  /** Cascades that have to wait from now on. */
  readonly pauses: ReadonlyMap<string, PauseReason>
}

type Cap = keyof Budget
const caps: readonly Cap[] = ['runs', 'tokens', 'cost_microdollars']

/** The first cap of a budget that is reached, or null. */
export function reachedCap(budget: Budget | null, spent: Spent): Cap | null {
  return caps.find((cap) => spent[cap] >= (budget?.[cap] ?? Infinity)) ?? null
}

/** Why a cascade that needs a run has to wait, or null. */
export function pauseReasonOf(
  cascade: { budget: Budget | null; spent: Spent } | undefined,
  day: { budget: Budget; spent: Spent },
): PauseReason | null {
  const own = cascade ? reachedCap(cascade.budget, cascade.spent) : null
  if (own !== null) return own
  const daily = reachedCap(day.budget, day.spent)
  return daily && `daily_${daily}`
}

/**
 * Runs are admitted as long as the caps of their cascade and of the tenant's day leave room for one more. A cascade that is paused stays so, and a node that
 * has begun its run goes on with it: that is counted already.
 *
 * @param governed the cascades of the nodes that are paused or have a budget
 */
export function createAllowance(governed: readonly CascadeRow[], day: { budget: Budget; spent: Spent }): Allowance {
  const cascades = new Map(governed.map((cascade) => [cascade.id, cascade]))
  const begun = new Map<string, number>()
  const pauses = new Map<string, PauseReason>()
  let begunInAll = 0

  const more = (spent: Spent, runs: number): Spent => ({ ...spent, runs: spent.runs + runs })
  return {
    begun,
    pauses,
    admits({ cascade_id: id, key }) {
      if (key !== null || id === null) return true
      const cascade = cascades.get(id)
      if (cascade?.state === 'paused' || pauses.has(id)) return false
      const own = cascade && { budget: cascade.budget, spent: more(cascade.spent, begun.get(id) ?? 0) }
      const reason = pauseReasonOf(own, { ...day, spent: more(day.spent, begunInAll) })
      if (reason !== null) {
        pauses.set(id, reason)
        return false
      }
      begun.set(id, (begun.get(id) ?? 0) + 1)
      begunInAll += 1
      return true
    },
  }
}
