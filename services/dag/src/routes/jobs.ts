import type { dagApi } from '@studio/contracts'
import type { Handlers } from '@studio/http'
import { StudioError } from '@studio/kernel'
import { currentTraceparent } from '@studio/telemetry'
import type { Context } from '../context.ts'
import { createJob } from '../domain/create-job.ts'
import { readJob } from '../domain/read-job.ts'
import { retryJob } from '../domain/retry-job.ts'

export function jobRoutes(context: Context): Pick<Handlers<typeof dagApi>, 'createJob' | 'readJob' | 'retryJob'> {
  const { store, bell, jobs, blob, registry } = context
  return {
    createJob: async (request) => {
      const { tenant_id, blob_id, provider_id } = request
      const [input, resolved] = await Promise.all([
        blob.one('readBlobs', { tenant_id, blob_id }),
        registry.call('resolveConfig', { tenant_id, provider_id, config: request.config }),
      ])
      if (!input) throw new StudioError('blob_not_found', `There is no blob ${blob_id}.`)
      if (input.deleted_at !== null) throw new StudioError('blob_deleted', `The blob ${blob_id} has been deleted.`)
      return { job: await createJob({ store, bell }, request, input, resolved.provider, resolved.config) }
    },
    readJob: async ({ tenant_id, job_id }) => ({ job: await readJob(jobs, tenant_id, job_id) }),
    retryJob: async ({ tenant_id, job_id }) => ({
      job: await retryJob({ store, jobs, bell }, tenant_id, job_id, currentTraceparent() ?? null),
    }),
  }
}
