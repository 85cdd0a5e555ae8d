import type { Blob, Overlay } from '@studio/contracts'
import { checkTarget, type Target } from './check-target.ts'
import { draftOf, isDraft } from './draft.ts'
import { eachAlone, valueOf } from './each-alone.ts'
import { overlayChangeOf } from './overlay-change.ts'
import { checkSettlement, planSettlement } from './plan-settlement.ts'
import type { Blobs } from './ports.ts'
import { portionsOf } from './portions.ts'
import { readSources } from './read-sources.ts'
import { blobOf, nameOf, type SubmitPorts, type Work } from './work.ts'

/** Content that the changes of a list may make together, in bytes: it is held until all of it is committed. */
export const maximumMade = 64 * 2 ** 20

/** Changes that are planned at the same time. */
const atOnce = 4

/**
 * Why a change cannot be planned with those before it. `unmade`: it asks for a version that they make, and that nobody can read yet; `full`:
 * together they make more than `maximumMade`.
 */
export type Postponed = 'unmade' | 'full'

/** What a list does about a change that cannot be planned; where it throws, the list ends. */
export interface Rules {
  /** Whether those behind a planned change are made on what it makes. */
  leads(work: Work): boolean
  refuse(work: Work, error: unknown): void
  /** Without it, and without those behind it, the list goes on. */
  postpone(work: Work, reason: Postponed): void
}

/**
 * Plans changes whose heads are known in rounds: the first change of each blob, then the second ones on what the first ones make, and so on. What
 * cannot be planned is left without a plan, and those behind it go on the version before.
 */
export async function planInTurn(ports: SubmitPorts, works: readonly Work[], rules: Rules): Promise<void> {
  const drafts = new Map<string, { head: Blob; overlay: Overlay | null }>()
  const made = new Map<string, Buffer>()
  let madeBytes = 0
  let isFull = false
  const postponed = new Set<string>()
  const blobs = { ...ports.blobs, contents: contentsWith(ports.blobs, made) }

  for (const round of roundsOf(works)) {
    const targets = round.filter((work) => takeTarget(work))
    for (const portion of portionsOf(targets))
      for (let at = 0; at < portion.length; at += atOnce) {
        const some = portion.slice(at, at + atOnce)
        // What would be dropped is not planned.
        if (isFull) for (const work of some) postpone(work, 'full')
        else await planSome(some)
      }
  }

  function postpone(work: Work, reason: Postponed): void {
    isFull ||= reason === 'full'
    rules.postpone(work, reason)
    postponed.add(blobOf(work))
  }

  /** Gives a change the version that it goes on; false where it cannot go on what is there by now. */
  function takeTarget(work: Work): boolean {
    const { item } = work.submission
    if (postponed.has(blobOf(work))) return false
    if (item.operation === 'create') return true
    const draft = drafts.get(blobOf(work))
    if (draft) work.overlay = draft.overlay
    const target = targetOf(work, draft?.head ?? work.head)
    if (target === null) return false
    if (isDraft(target.head) && (target.merges || isBehind(work.head, item.revert_to))) {
      postpone(work, 'unmade')
      return false
    }
    Object.assign(work, target)
    return true
  }

  function targetOf(work: Work, head: Blob | null): Target | null {
    try {
      const target = checkTarget(work.submission.item, head)
      checkSettlement(work.submission.item, work.overlay)
      return target
    } catch (error) {
      rules.refuse(work, error)
      return null
    }
  }

  async function planSome(some: readonly Work[]): Promise<void> {
    const sources = await eachAlone(some, (part) => readSources({ ...ports, blobs }, part))
    const plans = await Promise.allSettled(
      some.map(
        async ({ submission, head, overlay }, at) =>
          planSettlement(submission.item, overlay) ??
          ports.planner.plan(submission.item, head, valueOf(valueOf(sources[at]))),
      ),
    )
    for (const [at, work] of some.entries()) {
      const plan = plans[at]
      if (plan?.status === 'fulfilled') keep(work, plan.value)
      else rules.refuse(work, plan?.reason)
    }
  }

  function keep(work: Work, plan: NonNullable<Work['plan']>): void {
    if (plan.content && 'bytes' in plan.content && plan.content_hash !== null) {
      const { buffer, byteOffset, length } = plan.content.bytes
      if (madeBytes > 0 && madeBytes + length > maximumMade) {
        postpone(work, 'full')
        return
      }
      madeBytes += length
      made.set(nameOf(work.submission.item.tenant_id, plan.content_hash), Buffer.from(buffer, byteOffset, length))
    }
    work.plan = plan
    if (!rules.leads(work)) return
    const change = overlayChangeOf(work.submission.item, work.head, work.overlay, plan)
    const overlay = change === undefined ? work.overlay : change.next
    drafts.set(blobOf(work), { head: draftOf(work, plan, overlay), overlay })
  }
}

/** Whether a version is one that comes after the head. */
function isBehind(head: Blob | null, version: number | undefined): boolean {
  return version !== undefined && version > (head?.version ?? 0)
}

function roundsOf(works: readonly Work[]): Work[][] {
  const rounds: Work[][] = []
  const seen = new Map<string, number>()
  for (const work of works) {
    const blob = blobOf(work)
    const round = seen.get(blob) ?? 0
    seen.set(blob, round + 1)
    ;(rounds[round] ??= []).push(work)
  }
  return rounds
}

/** Contents that the list itself makes are at hand before blob has them. */
function contentsWith(blobs: Blobs, made: ReadonlyMap<string, Buffer>): Blobs['contents'] {
  return async (references) => {
    const missing = references.filter(({ tenant_id, hash }) => !made.has(nameOf(tenant_id, hash)))
    const read = (missing.length === 0 ? [] : await blobs.contents(missing)).values()
    return references.map(({ tenant_id, hash }) => made.get(nameOf(tenant_id, hash)) ?? read.next().value ?? null)
  }
}
