import { NoQuery, ProcessBlob, ProviderId, RegisterProvider, UpdateProvider } from '@studio/contracts'
import { readJson, validate } from '@studio/http'
import { StudioError } from '@studio/kernel'
import { currentTraceparent } from '@studio/telemetry'
import type { Router } from 'express'
import { principalOf } from '../auth/authenticate.ts'
import type { Context } from '../context.ts'
import { checkStorable } from '../domain/json-text.ts'
import { jobResource, providerResource } from '../domain/resources.ts'
import { jobAccepted } from '../telemetry.ts'
import { answerData, answerPage } from './answer.ts'
import { idFrom } from './find-blob.ts'

export function providerRoutes(router: Router, context: Context): void {
  const { request: limitBytes } = context.limits

  router.get('/providers', async (request, response) => {
    validate(NoQuery, request.query)
    const { providers } = await context.registry.call('list', { tenant_id: principalOf(response).tenant_id })
    answerPage(response, providers.map(providerResource), null)
  })

  router.post('/providers', async (request, response) => {
    validate(NoQuery, request.query)
    const manifest = validate(RegisterProvider, await readJson(request, { limitBytes }))
    checkStorable(manifest, '', limitBytes)
    const { provider } = await context.registry.call('register', {
      tenant_id: principalOf(response).tenant_id,
      manifest,
    })
    response.setHeader('Location', `${request.baseUrl}/providers/${provider.id}`)
    answerData(response, 201, providerResource(provider))
  })

  router.get('/providers/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const provider_id = providerIdFrom(request.params.id)
    const provider = await context.registry.one('read', { tenant_id: principalOf(response).tenant_id, provider_id })
    if (!provider) throw providerNotFound()
    answerData(response, 200, providerResource(provider))
  })

  router.patch('/providers/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const provider_id = providerIdFrom(request.params.id)
    const { status } = validate(UpdateProvider, await readJson(request, { limitBytes }))
    const { provider } = await context.registry.call('setStatus', {
      tenant_id: principalOf(response).tenant_id,
      provider_id,
      status,
    })
    answerData(response, 200, providerResource(provider))
  })

  router.post('/providers/:id/process', async (request, response) => {
    validate(NoQuery, request.query)
    const provider_id = providerIdFrom(request.params.id)
    const { blob_id, configuration, label } = validate(ProcessBlob, await readJson(request, { limitBytes }))
    checkStorable(configuration, '/configuration', limitBytes)
    const { job } = await context.dag.call('createJob', {
      ...principalOf(response),
      provider_id,
      blob_id,
      config: configuration,
      label,
      traceparent: currentTraceparent() ?? null,
    })
    jobAccepted(context.log, job)
    response.setHeader('Location', `${request.baseUrl}/jobs/${job.id}`)
    answerData(response, 202, jobResource(job))
  })

  router.get('/jobs/:id', async (request, response) => {
    validate(NoQuery, request.query)
    const job_id = idFrom(request.params.id, jobNotFound)
    const { job } = await context.dag.call('readJob', { tenant_id: principalOf(response).tenant_id, job_id })
    if (!job) throw jobNotFound()
    answerData(response, 200, jobResource(job))
  })

  router.post('/jobs/:id/retry', async (request, response) => {
    validate(NoQuery, request.query)
    const job_id = idFrom(request.params.id, jobNotFound)
    const { job } = await context.dag.call('retryJob', { tenant_id: principalOf(response).tenant_id, job_id })
    jobAccepted(context.log, job)
    response.setHeader('Location', `${request.baseUrl}/jobs/${job.id}`)
    answerData(response, 202, jobResource(job))
  })
}

function providerIdFrom(text: string): string {
  if (!ProviderId.safeParse(text).success) throw providerNotFound()
  return text
}

function providerNotFound(): StudioError {
  return new StudioError('provider_not_found', 'GET …/providers lists those that there are.')
}

function jobNotFound(): StudioError {
  return new StudioError('job_not_found', 'Check the id, and that the token is of the tenant that owns the job.')
}
