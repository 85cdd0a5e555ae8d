import type { ClaimGroup } from '@studio/contracts'
import { runClaim } from '@studio/provider-kit/workflow'

export async function report(group: ClaimGroup) {
  return runClaim(group)
}
