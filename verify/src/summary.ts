import { codes, type Code, type Divergence } from './findings.ts'
import type { TenantReport, VerifyReport } from './verify.ts'

/** A divergence as it may leave the verifier: `expected` and `found` hold hashes, ids and numbers, and nothing of contents. */
export interface Finding {
  readonly code: Code
  readonly meaning: string
  readonly blob_id: string | null
  readonly version: number | null
  readonly expected: string | null
  readonly found: string | null
}

/** What a verification answers at REST: of one tenant, the first 1,000 findings. (The same as `VerificationReport` of the contracts, which dag holds it to.) */
export interface Summary extends Omit<TenantReport, 'tenant_id'> {
  readonly as_of: string
  readonly divergences: number
  readonly codes: Partial<Record<Code, number>>
  readonly findings: readonly Finding[]
}

const mostFindings = 1000
const mostNames = 8
// What these found is the message of an error, which may quote content.
const quoting: readonly Code[] = ['rerun_failed', 'delta_not_replayable']

export function summarise({ tenants, divergences }: VerifyReport, asOf: Date): Summary {
  const [tenant] = tenants
  if (tenant === undefined) throw new Error('no tenant was looked at')
  const { tenant_id: _tenant, ...counts } = tenant
  const codes: Partial<Record<Code, number>> = {}
  for (const { code } of divergences) codes[code] = (codes[code] ?? 0) + 1
  return {
    ...counts,
    as_of: asOf.toISOString(),
    divergences: divergences.length,
    codes,
    findings: divergences.slice(0, mostFindings).map(findingOf),
  }
}

function findingOf({ code, blob_id, version, expected, found }: Divergence): Finding {
  return {
    code,
    meaning: codes[code],
    blob_id,
    version,
    expected: namesIn(expected),
    found: quoting.includes(code) ? null : namesIn(found),
  }
}

/** The hashes and ids in a text, or the text itself where it is a number; null where there is none. */
function namesIn(text: string): string | null {
  if (/^\d{1,15}$/.test(text)) return text
  const names = text.match(/\b([0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g) ?? []
  return names.slice(0, mostNames).join(' ') || null
}
