import { codes, type Divergence } from './findings.ts'
import type { TenantReport, VerifyReport } from './verify.ts'

/** A report for people: a paragraph a tenant, a paragraph a divergence, and the sum. */
export function printReport({ tenants, divergences }: VerifyReport): string {
  const sum =
    divergences.length === 0
      ? `0 divergences: everything is what its history gives.`
      : `${divergences.length} divergences: ${counted(divergences)}`
  return [...tenants.map(printTenant), ...divergences.map(printDivergence), sum, ''].join('\n')
}

function printTenant(tenant: TenantReport): string {
  const { tenant_id, blobs, versions, contents, derivations, overlays, runs, unverifiable_runs, memos, facts } = tenant
  const { expected_root, found_root } = tenant
  return [
    `tenant ${tenant_id}: ${blobs} blobs, ${versions} versions, ${contents} contents, ${derivations} derivations, ${overlays} versions under an edit, ${runs} runs` +
      `${unverifiable_runs > 0 ? ` (${unverifiable_runs} of other configurations)` : ''}, ${memos} memos, ${facts} facts`,
    `  root expected ${expected_root}`,
    `  root found    ${found_root}${expected_root === found_root ? '' : '   ✗'}`,
  ].join('\n')
}

function printDivergence({ code, tenant_id, blob_id, version, expected, found }: Divergence): string {
  const place =
    blob_id === null ? `tenant ${tenant_id ?? '-'}` : `blob ${blob_id}${version === null ? '' : ` version ${version}`}`
  return `✗ ${code}  ${place}: ${codes[code]}\n    expected ${expected}\n    found    ${found}`
}

function counted(divergences: readonly Divergence[]): string {
  const byCode = Map.groupBy(divergences, ({ code }) => code)
  return [...byCode].map(([code, { length }]) => `${code} ${length}`).join(', ')
}
