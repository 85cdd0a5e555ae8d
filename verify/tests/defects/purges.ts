import { another, type Defect } from './defect.ts'

export const purges: readonly Defect[] = [
  {
    name: 'a version that is marked as purged though nobody purged it',
    codes: ['purge_unasked'],
    at: 'document',
    plant: ({ document }) => `update blob.version set purged = true where blob_id = '${document}' and version = 2`,
  },
  {
    name: 'a purged version whose content came back',
    codes: ['purged_content_kept'],
    at: 'purged',
    plant: ({ purged, tenant }) =>
      `update blob.version set content_hash = ${another(tenant, 'version.content_hash')} where blob_id = '${purged}' and version = 1`,
  },
  {
    name: 'a patch of what has been purged',
    codes: ['purged_content_kept'],
    at: 'purged',
    plant: ({ purged }) => `update delta.delta set patch = '[]' where blob_id = '${purged}' and to_version = 1`,
  },
  {
    name: 'a version that a purge has missed',
    codes: ['purge_missed'],
    at: 'purged',
    plant: ({ purged }) => `update blob.version set purged = false where blob_id = '${purged}' and version = 1`,
  },
  {
    name: 'a purge that is not done',
    codes: ['purge_open'],
    at: 'purged',
    plant: ({ purged }) => `update dag.purge set done_at = null, begun_at = null where blob_id = '${purged}'`,
  },
]
