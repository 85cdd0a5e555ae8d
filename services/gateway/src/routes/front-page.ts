import type { Express } from 'express'
import { answerJson } from './answer.ts'

const api = '/api/v1/studio'

/** Says what this is and where things are, to whoever looks in without knowing. */
const frontPage = {
  name: 'studio',
  about: 'Keeps derived content true to its sources: blobs, deltas, versions and providers.',
  authorization:
    'Every request under the API needs the header `Authorization: Bearer <token>`; `npm run -s token` prints a local one.',
  api: {
    blobs: `${api}/blobs`,
    blob: `${api}/blobs/{id}`,
    content: `${api}/blobs/{id}/content`,
    versions: `${api}/blobs/{id}/versions`,
    deltas: `${api}/blobs/{id}/deltas`,
    diff: `${api}/blobs/{id}/diff?from={version}&to={version}`,
    batches: `${api}/batches`,
    bulk: `${api}/bulk`,
    dag: `${api}/blobs/{id}/dag`,
    children: `${api}/blobs/{id}/children`,
    runs: `${api}/blobs/{id}/runs`,
    providers: `${api}/providers`,
    process: `${api}/providers/{id}/process`,
    job: `${api}/jobs/{id}`,
  },
  health: { alive: '/healthz', ready: '/readyz', metrics: '/metrics' },
}

export function frontPageRoute(app: Express): void {
  app.get(['/', '/api/v1', api], (_request, response) => answerJson(response, 200, frontPage))
}
