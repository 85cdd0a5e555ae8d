import { NoQuery, ResumeCascade, SetBudget, UpdateCascade, type Budget, type CascadeAction } from '@studio/contracts'
import { readJson, validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Request, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { cascadeResource } from '../domain/resources.ts'
import { answerData } from './answer.ts'
import { idFrom } from './find-blob.ts'
import { isEmpty } from './is-empty.ts'

/** The work that changes caused, what may be asked of it, and what it may take. */
export function cascadeRoutes(router: Router, context: Context): void {
  const { request: limitBytes } = context.limits
  const bodyOf = (request: Request) => readJson(request, { limitBytes })

  router.get('/cascades/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const cascade_id = idFrom(request.params.id, cascadeNotFound)
    const { cascade } = await context.dag.call('readCascade', { tenant_id, cascade_id })
    if (!cascade) throw cascadeNotFound()
    answerData(response, 200, cascadeResource(cascade))
  })

  router.patch('/cascades/:id', async (request, response) => {
    const { tenant_id } = principalOf(response)
    const cascade_id = idFrom(request.params.id, cascadeNotFound)
    const { budget } = validate(UpdateCascade, await bodyOf(request))
    const { cascade } = await context.dag.call('setCascadeBudget', { tenant_id, cascade_id, budget })
    answerData(response, 200, cascadeResource(cascade))
  })

  const onPost = (action: CascadeAction, budgetOf: (request: Request) => Promise<Budget | null>): void => {
    router.post(`/cascades/:id/${action}`, async (request, response) => {
      validate(NoQuery, request.query)
      const { tenant_id } = principalOf(response)
      const cascade_id = idFrom(request.params['id'] ?? '', cascadeNotFound)
      const budget = await budgetOf(request)
      const { cascade } = await context.dag.call('controlCascade', {
        tenant_id,
        cascade: { cascade_id },
        action,
        budget,
      })
      answerData(response, 200, cascadeResource(cascade))
    })
  }
  onPost('resume', async (request) =>
    isEmpty(request) ? null : (validate(ResumeCascade, await bodyOf(request)).budget ?? null),
  )
  for (const action of ['pause', 'cancel', 'retry-failed'] as const) onPost(action, async () => null)

  router.get('/budget', async (request, response) => {
    validate(NoQuery, request.query)
    const { budget, spent_today } = await context.dag.call('readBudget', { tenant_id: principalOf(response).tenant_id })
    answerData(response, 200, { ...budget, spent_today })
  })

  router.put('/budget', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const wish = validate(SetBudget, await bodyOf(request))
    const { budget, spent_today } = await context.dag.call('setBudget', { tenant_id, budget: wish })
    answerData(response, 200, { ...budget, spent_today })
  })
}

function cascadeNotFound(): StudioError {
  return new StudioError('cascade_not_found', 'GET …/blobs/{id}/explain names the cascade of the last change.')
}
