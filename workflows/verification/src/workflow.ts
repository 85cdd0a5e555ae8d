import type { VerificationReport } from '@studio/contracts'
import { proxyActivities } from '@temporalio/workflow'

interface VerifierActivities {
  verify(tenantId: string): Promise<VerificationReport>
}

const { verify } = proxyActivities<VerifierActivities>({
  taskQueue: 'verify',
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '15s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 5 },
})

/** A tenant is verified, by the process `verifier` alone: code that proves the studio right has none of the studio's. */
export async function verification(tenantId: string): Promise<VerificationReport> {
  return await verify(tenantId)
}
