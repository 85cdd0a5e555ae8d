import type { PartName } from '@studio/testing'
import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { seedOf } from './history.ts'
import { answers, type Stage } from './stage.ts'

/** What happens to the studio while people work with it. */
export type Fault =
  /** These parts die by SIGKILL at once, and come back. */
  | { readonly kind: 'kill'; readonly parts: readonly PartName[] }
  /** An engine dies and comes back empty. */
  | { readonly kind: 'empty'; readonly part: 'nats' | 'temporal' }
  /** A part dies by SIGKILL at a named place in its code. */
  | { readonly kind: 'failpoint'; readonly part: PartName; readonly point: string }
  /** A worker is replaced by one with the next version of its provider. */
  | { readonly kind: 'upgrade' }

export interface PlannedFault {
  readonly fault: Fault
  /** Milliseconds after the fault before this one; how long it lasts. */
  readonly afterMs: number
  readonly downMs: number
}

const kill = (...parts: PartName[]): Fault => ({ kind: 'kill', parts })
const failpoint = (part: PartName, point: string): Fault => ({ kind: 'failpoint', part, point })

/** Each part dies alone. */
export const kills: readonly Fault[] = [
  kill('worker'),
  kill('dag'),
  kill('nats'),
  kill('blob'),
  kill('test-worker'),
  kill('delta-engine'),
  kill('temporal'),
  kill('gateway'),
  kill('provider-registry'),
  kill('released-worker'),
]
export const allFaults: readonly Fault[] = [
  ...kills,
  kill('postgres'),
  kill('worker', 'test-worker', 'released-worker'),
  kill('blob', 'dag'),
  kill('gateway', 'delta-engine', 'blob', 'dag', 'provider-registry', 'worker', 'test-worker'),
  { kind: 'empty', part: 'nats' },
  { kind: 'empty', part: 'temporal' },
  ...['delta.pending.after', 'delta.committed', 'relay.publish.before'].map((at) => failpoint('delta-engine', at)),
  ...['blob.commit.before', 'blob.commit.after', 'relay.publish.after'].map((at) => failpoint('blob', at)),
  ...['dag.events.before', 'dag.events.after', 'dag.claim.before', 'dag.claim.after'].map((at) => failpoint('dag', at)),
  ...['dag.settle.before', 'dag.settle.after', 'relay.publish.before'].map((at) => failpoint('dag', at)),
  ...['worker.claimed', 'worker.computed', 'worker.committed'].map((at) => failpoint('test-worker', at)),
  ...['worker.claimed', 'worker.computed', 'worker.committed'].map((at) => failpoint('worker', at)),
  ...['registry.match.before', 'registry.match.after'].map((at) => failpoint('provider-registry', at)),
  ...['gateway.submit.before', 'gateway.submit.after'].map((at) => failpoint('gateway', at)),
]

/** `count` faults for round `round` of a seed, every fifth an upgrade: all kinds come before any comes again. */
export function planFaults(seed: number, round: number, faults: readonly Fault[], count: number): PlannedFault[] {
  const shuffled = fc.shuffledSubarray([...faults], { minLength: faults.length })
  const [order = []] = fc.sample(shuffled, { seed, numRuns: 1 })
  const timing = fc.record({ afterMs: fc.integer({ min: 100, max: 1500 }), downMs: fc.integer({ min: 0, max: 1000 }) })
  const times = fc.sample(timing, { seed: seedOf(seed, -2 - round), numRuns: count })
  return times.map((time, at) => {
    const place = round * count + at
    const fault = place % 5 === 4 ? undefined : order[(place - Math.floor(place / 5)) % order.length]
    return { fault: fault ?? { kind: 'upgrade' }, ...time }
  })
}

export const nameOf = (fault: Fault): string => {
  if (fault.kind === 'kill') return `kill ${fault.parts.join(' + ')}`
  if (fault.kind === 'failpoint') return `${fault.part} dies at ${fault.point}`
  return fault.kind === 'empty' ? `empty ${fault.part}` : 'upgrade'
}

/** Lets everything of a plan happen, one after another. Answers the names of those that were seen to happen. */
export async function strike(stage: Stage, plan: readonly PlannedFault[]): Promise<string[]> {
  const seen: string[] = []
  for (const { fault, afterMs, downMs } of plan) {
    await delay(afterMs)
    if (await happens(stage, fault, downMs)) seen.push(nameOf(fault))
  }
  return seen
}

/** True where the fault was seen: who answered before was gone, or a failpoint left its proof; `start` sees them come back. */
async function happens(stage: Stage, fault: Fault, downMs: number): Promise<boolean> {
  const { studio } = stage
  if (fault.kind === 'upgrade') {
    await stage.release()
    return true
  }
  if (fault.kind === 'empty') {
    const alive = await answers(stage, fault.part)
    await studio.wipe(fault.part)
    return alive
  }
  if (fault.kind === 'failpoint') return await diesAt(stage, fault.part, fault.point, downMs)
  const alive = await Promise.all(fault.parts.map((part) => answers(stage, part)))
  await Promise.all(fault.parts.map((part) => studio.kill(part)))
  const left = await Promise.all(fault.parts.map((part) => answers(stage, part)))
  await delay(downMs)
  await Promise.all(fault.parts.map((part) => stage.start(part)))
  return alive.every(Boolean) && !left.some(Boolean)
}

/** Nobody may come by that place any more: then the part is started again without the failpoint, and nothing has happened. */
const longestArmedMs = 4000

async function diesAt(stage: Stage, part: PartName, point: string, downMs: number): Promise<boolean> {
  const { studio } = stage
  const proof = join(studio.folder, `${point}-${randomUUID()}`)
  await studio.kill(part)
  // It may die at the point before it is ready.
  await stage.start(part, `${point}=${proof}`).catch((error: unknown) => {
    if (!existsSync(proof)) throw error
  })
  await studio.died(part, { timeoutMs: longestArmedMs }).catch(() => studio.kill(part))
  await delay(downMs)
  await stage.start(part)
  return existsSync(proof)
}
