import type { ClaimGroup } from '@studio/contracts'
import { runClaim } from '@studio/provider-kit/workflow'

export const stamp = async (group: ClaimGroup) => runClaim(group)
export const join = async (group: ClaimGroup) => runClaim(group)
export const faulty = async (group: ClaimGroup) => runClaim(group)
export const pick = async (group: ClaimGroup) => runClaim(group)
export const slow = async (group: ClaimGroup) => runClaim(group)
