import { stepsOf } from './history.ts'
import type { Round } from './play.ts'

/** What all rounds came to. */
export interface Summary {
  histories: number
  /** Counts by kind. */
  readonly steps: Map<string, number>
  readonly refusals: Map<string, number>
  readonly faults: Map<string, number>
  acknowledged: number
  derivedBlobs: number
  runs: number
  keys: number
  divergences: number
  longestToQuietMs: number
}

export const emptySummary = (): Summary => ({
  histories: 0,
  steps: new Map(),
  refusals: new Map(),
  faults: new Map(),
  acknowledged: 0,
  derivedBlobs: 0,
  runs: 0,
  keys: 0,
  divergences: 0,
  longestToQuietMs: 0,
})

export function addRound(summary: Summary, { played, faults, quietAfterMs }: Round): void {
  faults.forEach((fault) => count(summary.faults, fault))
  summary.longestToQuietMs = Math.max(summary.longestToQuietMs, quietAfterMs)
  for (const { history, person, judgement } of played) {
    summary.histories += 1
    for (const { step } of stepsOf(history)) count(summary.steps, step.kind)
    for (const [code, times] of person.refusals) count(summary.refusals, code, times)
    summary.acknowledged += person.acknowledged.length
    summary.derivedBlobs += judgement.derivedBlobs
    summary.runs += judgement.runs
    summary.keys += judgement.keys
    summary.divergences += judgement.divergences.length
  }
}

/** Each history that diverged, with what it did and how it is played again. */
export function failuresOf({ played }: Round, seed: number): string[] {
  return played
    .filter(({ judgement }) => judgement.divergences.length > 0)
    .flatMap(({ history, judgement }) => [
      `✗ history ${history.index} (npm run converge -- --seed ${seed} --only ${history.index})`,
      ...stepsOf(history).map(({ hand, step: { kind, args } }) => `    ${hand}: ${kind} ${JSON.stringify(args)}`),
      ...judgement.divergences.map((divergence) => `  ${divergence}`),
    ])
}

export function summaryOf(summary: Summary, milliseconds: number): string[] {
  const { histories, acknowledged, derivedBlobs, runs, keys, divergences, longestToQuietMs } = summary
  return [
    '',
    `${histories} histories in ${(milliseconds / 1000).toFixed(0)} s`,
    `steps: ${counts(summary.steps)}`,
    `refused, with good reason: ${counts(summary.refusals)}`,
    `faults that were seen to happen: ${counts(summary.faults)}`,
    `${acknowledged} acknowledged writes; ${derivedBlobs} derivations in the end; ${runs} runs computed ${keys} keys`,
    `longest time to quiet: ${(longestToQuietMs / 1000).toFixed(1)} s`,
    `${divergences} divergences`,
  ]
}

function count(counts: Map<string, number>, name: string, times = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + times)
}

function counts(all: ReadonlyMap<string, number>): string {
  const sum = [...all.values()].reduce((total, one) => total + one, 0)
  const each = [...all].sort(([, one], [, other]) => other - one).map(([name, times]) => `${name} ${times}`)
  return `${sum} (${each.join(', ')})`
}
