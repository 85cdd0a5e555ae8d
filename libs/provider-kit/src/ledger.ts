import type { ClaimItem, RecordedOutput, SettleItem } from '@studio/contracts'
import { failpoint, fromProblem, toProblem, type StudioError } from '@studio/kernel'
import type { Claim } from './claim.ts'
import type { ClaimResults } from './claim-results.ts'
import { commitWrites, type Write, type Written } from './commit.ts'
import type { ProviderDependencies } from './dependencies.ts'
import type { RunItem } from './run-item.ts'
import { headUnderOverlay, settlement } from './settlement.ts'
import { itemFailed } from './telemetry.ts'

/** How many nodes of a claim came to which outcome; `lost` ones belong to somebody else by now. */
export type ClaimSummary = Partial<Record<SettleItem['outcome'] | 'lost', number>>

/** `givesBack`: a node that fails goes back, to be tried alone; else it fails the attempt. */
export interface Attempt {
  readonly attempt: number
  readonly givesBack: boolean
}

export type Took = Pick<SettleItem, 'duration_ms' | 'usage'>

/** What is to become of a node. */
export interface Decision {
  readonly item: RunItem
  readonly outcome: 'version' | 'cutoff' | 'memo' | 'fresh'
  /** What the provider makes of it; blob may hold something else, where a user's edit stands. */
  readonly made: RecordedOutput
  /** Bytes of that, where they are known. */
  readonly size: number | null
  readonly took: Took
}

type Named = Pick<ClaimItem | RunItem, 'node_id' | 'epoch'>

/** What becomes of the nodes of a claim: kept until it is written at blob and settled at dag, in one go each. */
export interface Ledger {
  readonly summary: ClaimSummary
  /** `write` null leaves the head as it is. */
  decide(decision: Decision, write: Pick<Write, 'content' | 'traceparent'> | null): void
  /** Throws the error where nobody else is to be spared. */
  fail(item: ClaimItem | RunItem, error: StudioError): void
  /** What it was to read has not come about. */
  giveBack(item: Named): void
  /** It is somebody else's by now. */
  lose(item: Named): void
  /** Writes and settles all so far; `isLast`: nothing comes after it. */
  flush(isLast: boolean): Promise<void>
}

export function createLedger(
  { delta, log }: Pick<ProviderDependencies, 'delta' | 'log'>,
  claim: Claim,
  results: ClaimResults,
  { attempt, givesBack }: Attempt,
): Ledger {
  const summary: ClaimSummary = {}
  let decided: (Decision & { write: Write | null })[] = []
  let settled: SettleItem[] = []

  const count = (outcome: keyof ClaimSummary): void => {
    summary[outcome] = (summary[outcome] ?? 0) + 1
  }
  const lose = ({ node_id }: Named): void => {
    count('lost')
    results.forget(node_id)
  }
  const goBack = (
    { node_id, epoch }: Named,
    more: { attempts: number; key?: string; error?: SettleItem['error'] },
  ): void => {
    const { attempts, key, error = null } = more
    settled.push(settlement({ node_id, epoch, ...(key !== undefined && { key }) }, 'returned', attempts, { error }))
    results.forget(node_id)
  }
  const giveBack = (item: Named): void => goBack(item, { attempts: 0 })
  const fail = (item: ClaimItem | RunItem, error: StudioError): void => {
    itemFailed(log, item, error.code, attempt)
    if (!givesBack) throw error
    // Also what will never succeed: alone it fails under a workflow id of its own, where it is seen.
    goBack(item, { attempts: 1, error: toProblem(error) })
  }

  const conclude = (decision: Decision, written: Written | undefined): void => {
    const { item, outcome, made, size, took } = decision
    const inputs = results.inputsRead(item)
    if (inputs === null) return giveBack(item)
    const settle = (came: SettleItem['outcome'], more: Parameters<typeof settlement>[3]): void => {
      settled.push(settlement({ ...item, inputs }, came, attempt, { size, ...made, ...took, ...more }))
    }
    switch (written?.status) {
      case undefined:
        return settle(outcome, { version: item.head_version || null })
      case 'applied':
      case 'kept': {
        const { version, content_hash, status } = written
        results.applied(item, { version, content_hash })
        const head = headUnderOverlay(written, made)
        // A user's edit leaves the blob as it is: no version, like any other cutoff.
        const came = status === 'kept' && outcome === 'version' ? 'cutoff' : outcome
        return settle(came, { version, size: size ?? written.size, ...(head && { head }) })
      }
      case 'baseless':
        return giveBack(item)
      case 'lost':
        return lose(item)
      case 'failed':
        // What was recorded is gone: dag forgets it when it hears that, and the next claim of the node runs the provider.
        if (outcome === 'memo' && written.problem.code === 'content_not_found')
          return goBack(item, { attempts: 1, key: item.key, error: written.problem })
        return fail(item, fromProblem(written.problem))
    }
  }

  return {
    summary,
    decide(decision, write) {
      const { item, made } = decision
      const rests_on = results.bases(item)
      decided.push({ ...decision, write: write && { item, content_type: made.content_type, rests_on, ...write } })
      results.add(item, made, write !== null)
    },
    fail,
    giveBack,
    lose,
    async flush(isLast) {
      const writes = decided.flatMap(({ write }) => write ?? [])
      let written = new Map<Write, Written>()
      if (writes.length > 0) {
        failpoint('worker.computed')
        written = await commitWrites(delta, claim, writes)
        failpoint('worker.committed')
      }
      for (const decision of decided) conclude(decision, decision.write ? written.get(decision.write) : undefined)
      if (settled.length > 0) {
        const gone = new Set(await claim.settle(settled, isLast))
        for (const item of settled) {
          if (gone.has(item.node_id)) lose(item)
          else count(item.outcome)
        }
      }
      results.written()
      decided = []
      settled = []
    },
  }
}
