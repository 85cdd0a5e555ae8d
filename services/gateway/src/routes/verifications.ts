import { NoQuery } from '@studio/contracts'
import { validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { verificationResource } from '../domain/resources.ts'
import { answerData } from './answer.ts'
import { idFrom } from './find-blob.ts'

/** Proof on demand that all of a tenant is what its history gives. */
export function verificationRoutes(router: Router, context: Context): void {
  router.post('/verifications', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const { verification } = await context.dag.call('startVerification', { tenant_id })
    response.setHeader('Location', `${request.baseUrl}/verifications/${verification.id}`)
    answerData(response, 202, verificationResource(verification))
  })

  router.get('/verifications/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const { tenant_id } = principalOf(response)
    const verification_id = idFrom(request.params.id, verificationNotFound)
    const { verification } = await context.dag.call('readVerification', { tenant_id, verification_id })
    if (!verification) throw verificationNotFound()
    answerData(response, 200, verificationResource(verification))
  })
}

function verificationNotFound(): StudioError {
  return new StudioError(
    'verification_not_found',
    'POST …/verifications starts one; it can be read for as long as Temporal keeps ended workflows.',
  )
}
