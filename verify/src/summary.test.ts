import { createFindings } from './findings.ts'
import { summarise } from './summary.ts'

const [hash, other, id] = ['a'.repeat(64), 'b'.repeat(64), '8f1d7c1e-6a53-4b0e-9c1a-3b7d2f4e5a60']
const tenant = {
  tenant_id: id, blobs: 1, versions: 1, contents: 1, derivations: 1, overlays: 0, runs: 1, unverifiable_runs: 0, memos: 1, facts: 1,
  expected_root: hash, found_root: other,
} // prettier-ignore

test('hashes, ids and numbers leave the verifier, and nothing that may quote content', () => {
  const findings = createFindings()
  const place = { tenant_id: id, blob_id: id, version: 2 }
  findings.add('derived_head_wrong', place, { hash, content_type: 'text/plain' }, { hash: other })
  findings.add('rerun_failed', place, hash, `Error: cannot read "${other} is my secret"`)
  findings.add('event_wrong', place, { note: 'a secret note' }, 7)
  const report = summarise({ tenants: [tenant], divergences: findings.all }, new Date(0))
  expect(report.findings).toMatchObject([
    { code: 'derived_head_wrong', blob_id: id, version: 2, expected: hash, found: other },
    { code: 'rerun_failed', expected: hash, found: null },
    { code: 'event_wrong', expected: null, found: '7' },
  ])
  expect(JSON.stringify(report)).not.toMatch(/secret/)
})

test('a thousand findings are told, and all are counted', () => {
  const findings = createFindings()
  for (let at = 0; at < 1500; at++) findings.add(at % 3 === 0 ? 'head_wrong' : 'head_missing', { tenant_id: id }, 1, 2)
  const report = summarise({ tenants: [tenant], divergences: findings.all }, new Date(0))
  expect(report).toMatchObject({ divergences: 1500, codes: { head_wrong: 500, head_missing: 1000 }, found_root: other })
  expect(report.findings).toHaveLength(1000)
})
