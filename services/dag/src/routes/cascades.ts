import type { Cascade, dagApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import { currentTraceparent } from '@studio/telemetry'
import type { Context } from '../context.ts'
import { setBudget, setCascadeBudget } from '../domain/budgets.ts'
import { cascadeNotFound, controlCascade } from '../domain/control-cascade.ts'
import { readCascade } from '../store/read-cascade.ts'
import { readBudget } from '../store/tenant.ts'

/** Cascades as they stand, what may be asked of them, and what they may take. */
export function cascadeRoutes({
  database,
  store,
  bell,
}: Context): Pick<
  Handlers<typeof dagApi>,
  'readCascade' | 'controlCascade' | 'setCascadeBudget' | 'readBudget' | 'setBudget'
> {
  const read = async (tenantId: string, cascadeId: string): Promise<{ cascade: Cascade }> => {
    const cascade = await readCascade(database, tenantId, cascadeId)
    if (!cascade) throw cascadeNotFound()
    return { cascade }
  }
  return {
    readCascade: async ({ tenant_id, cascade_id }) => ({
      cascade: await readCascade(database, tenant_id, cascade_id),
    }),
    controlCascade: async (request) => {
      const traceparent = currentTraceparent() ?? null
      return read(request.tenant_id, await controlCascade({ store, bell }, { ...request, traceparent }))
    },
    setCascadeBudget: async ({ tenant_id, cascade_id, budget }) => {
      await setCascadeBudget({ store }, tenant_id, cascade_id, budget)
      return read(tenant_id, cascade_id)
    },
    readBudget: ({ tenant_id }) => readBudget(database, tenant_id),
    setBudget: async ({ tenant_id, budget }) => {
      await setBudget({ store, bell }, tenant_id, budget)
      return readBudget(database, tenant_id)
    },
  }
}
