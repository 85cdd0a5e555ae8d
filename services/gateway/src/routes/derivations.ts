import { CreateDerivation, NoQuery, UpdateDerivation } from '@studio/contracts'
import { readJson, validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import { currentTraceparent } from '@studio/telemetry'
import type { Response, Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { checkStorable } from '../domain/json-text.ts'
import { derivationResource } from '../domain/resources.ts'
import { answerData } from './answer.ts'
import { idFrom } from './find-blob.ts'

/** What makes derived blobs: a provider, its configuration, and the blobs that it is given by the names of its inputs. */
export function derivationRoutes(router: Router, context: Context): void {
  const { request: limitBytes } = context.limits
  const requester = (response: Response) => ({
    ...principalOf(response),
    traceparent: currentTraceparent() ?? null,
  })

  router.post('/derivations', async (request, response) => {
    const { provider_id, inputs, configuration, label } = validate(
      CreateDerivation,
      await readJson(request, { limitBytes }),
    )
    checkStorable(configuration, '/configuration', limitBytes)
    const { derivation, created } = await context.dag.call('ensureDerivation', {
      ...requester(response),
      provider_id,
      inputs,
      config: configuration,
      label,
    })
    response.setHeader('Location', `${request.baseUrl}/derivations/${derivation.blob_id}`)
    answerData(response, created ? 201 : 200, derivationResource(derivation))
  })

  router.get('/derivations/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const blob_id = idFrom(request.params.id, derivationNotFound)
    const { derivation } = await context.dag.call('readDerivation', { tenant_id, blob_id })
    if (!derivation) throw derivationNotFound()
    answerData(response, 200, derivationResource(derivation))
  })

  router.patch('/derivations/:id', async (request, response) => {
    const blob_id = idFrom(request.params.id, derivationNotFound)
    const { inputs = null, configuration = null } = validate(UpdateDerivation, await readJson(request, { limitBytes }))
    checkStorable(configuration, '/configuration', limitBytes)
    const { derivation } = await context.dag.call('updateDerivation', {
      ...requester(response),
      blob_id,
      inputs,
      config: configuration,
    })
    answerData(response, 200, derivationResource(derivation))
  })

  router.delete('/derivations/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const blob_id = idFrom(request.params.id, derivationNotFound)
    const { derivation } = await context.dag.call('removeDerivation', { ...requester(response), blob_id })
    answerData(response, 200, derivationResource(derivation))
  })
}

function derivationNotFound(): StudioError {
  return new StudioError(
    'derivation_not_found',
    'Check the id: it is that of the derived blob. The token must be of the tenant that owns it.',
  )
}
