import type { Change, SubmitDelta } from '@studio/contracts'
import type { PatchLimits } from '@studio/deltas'
import { isStudioError } from '@studio/kernel'
import { createThreads, heavy } from '@studio/threads'
import * as longWork from './domain/long-work.ts'
import type { planChange, Sources } from './domain/plan-change.ts'
import type { PlannedChange } from './domain/plan-content.ts'
import type { Planner } from './domain/ports.ts'
import type { DiffPorts } from './domain/read-diff.ts'

/** What applying a patch may cost on the main thread; some 5 ms. */
const lightWork = 100_000

/** Judges contents, plans changes and compares versions: short ones in place, long ones in other threads. */
export function createPlanner(limits: PatchLimits): Planner & Pick<DiffPorts, 'compare'> & { close(): Promise<void> } {
  const threads = createThreads(new URL('./domain/long-work.ts', import.meta.url), longWork)
  const planWithin = async (weight: number, ...given: Parameters<typeof planChange>): Promise<PlannedChange> => {
    if (weight < heavy) return threads.run('planChange', given, { weight })
    const { patchJson, originalJson, ...plan } = await threads.run('planInWriting', given, { weight })
    return {
      ...plan,
      patch: JSON.parse(patchJson) as PlannedChange['patch'],
      original: JSON.parse(originalJson) as PlannedChange['original'],
    }
  }
  return {
    plan: async (item, head, sources) => {
      const weight = weigh(item, sources)
      try {
        return await planWithin(weight, item, head, sources, weight < heavy ? { ...limits, work: lightWork } : limits)
      } catch (error) {
        // A small patch may ask for much work; whether it is too much is seen where nobody waits for it.
        if (weight >= heavy || !isStudioError(error, 'patch_too_large')) throw error
        return planWithin(Infinity, item, head, sources, limits)
      }
    },
    mergeOverlay: (sides) => {
      const { base, edited, generated } = sides
      const weight = 4 * [base, edited, generated].reduce((sum, { bytes }) => sum + lengthOf(bytes), 0)
      return threads.run('mergeOverlay', [sides, limits], { weight })
    },
    check: (contentType, bytes) => threads.run('checkContent', [contentType, bytes], { weight: bytes.length }),
    compare: (format, contentType, from, to) =>
      threads.run('compareVersions', [format, contentType, from, to], { weight: from.length + to.length }),
    close: () => threads.close(),
  }
}

/** Rough bytes that planning a change goes through. */
function weigh({ change }: SubmitDelta, { base, staged, merge }: Sources): number {
  const given = lengthOf(base) + lengthOf(staged) + (change === null ? 0 : weighChange(change))
  if (merge === null) return given
  const { seenBytes, startBytes, headBytes, history } = merge
  // Merging goes through the contents several times.
  const told = history.reduce((sum, { change }) => sum + ('patchJson' in change ? change.patchJson.length : 0), 0)
  return given + 4 * (seenBytes.length + startBytes.length + headBytes.length + told) + history.length * weightOfDelta
}

/** Bytes that a delta among others is taken for beside its patch. */
const weightOfDelta = 256

function weighChange(change: Change): number {
  if (change.format !== 'replace') return change.patch.length
  return 'base64' in change.content ? change.content.base64.length : 0
}

function lengthOf(bytes: Uint8Array | null): number {
  return bytes?.length ?? 0
}
