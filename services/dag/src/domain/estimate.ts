import type { Expectation, PreviewNode, PreviewTotals } from '@studio/contracts'
import type { Verdict } from './preview.ts'

/** Means of what a provider version's recent runs took, by `provider@version`; one that never ran is not there. */
export type History = ReadonlyMap<string, Expectation>

export function historyKey(providerId: string, version: string): string {
  return `${providerId}@${version}`
}

/** Nodes of a preview with what each of those that will or may run is expected to take. */
export function estimate(verdicts: readonly Verdict[], history: History): PreviewNode[] {
  return verdicts.map(({ blob, level, status, runs, changed_inputs }) => {
    const provider_id = blob.provider_id ?? ''
    return {
      blob_id: blob.blob_id,
      provider_id,
      provider_version: runs ?? blob.provider_version,
      level,
      status,
      expected: runs === null ? null : (history.get(historyKey(provider_id, runs)) ?? null),
      changed_inputs,
    }
  })
}

const counted = ['will_run', 'may_run', 'memo', 'fresh'] as const

export function totalsOf(nodes: readonly PreviewNode[]): PreviewTotals {
  const count = { will_run: 0, may_run: 0, memo: 0, fresh: 0, hindered: 0 }
  for (const { status } of nodes) count[counted.find((one) => one === status) ?? 'hindered'] += 1
  const running = nodes.filter(({ status }) => status === 'will_run' || status === 'may_run')
  return {
    ...count,
    expected: sumOf(running.filter(({ status }) => status === 'will_run')),
    at_most: sumOf(running),
    unestimated: running.filter(({ expected }) => expected === null).length,
  }
}

function sumOf(nodes: readonly PreviewNode[]): Expectation {
  const sum = (member: keyof Expectation): number | null => {
    const values = nodes.flatMap(({ expected }) => expected?.[member] ?? [])
    return values.length === 0 ? null : values.reduce((total, value) => total + value, 0)
  }
  return { duration_ms: sum('duration_ms'), tokens: sum('tokens'), cost_microdollars: sum('cost_microdollars') }
}
