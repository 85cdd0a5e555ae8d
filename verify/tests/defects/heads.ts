import { another, type Defect } from './defect.ts'

export const heads: readonly Defect[] = [
  {
    name: 'a head that went back',
    codes: ['head_wrong'],
    at: 'document',
    plant: ({
      document,
    }) => `update blob.blob set version = old.version, version_id = old.version_id, content_hash = old.content_hash, size = old.size
      from blob.version old where old.blob_id = id and id = '${document}' and old.version = 3`,
  },
  {
    name: 'a wrong head in dag',
    codes: ['dag_head_wrong'],
    at: 'expanded',
    plant: ({ expanded, tenant }) =>
      `update dag.node set content_hash = ${another(tenant, 'node.content_hash')} where blob_id = '${expanded}'`,
  },
  {
    name: 'a blob that dag never heard of',
    codes: ['dag_node_missing'],
    at: 'document',
    plant: ({ document }) => `delete from dag.node where blob_id = '${document}'`,
  },
  {
    name: 'a head that is gone',
    codes: ['head_missing'],
    at: 'document',
    plant: ({ document }) => `delete from blob.blob where id = '${document}'`,
  },
  {
    name: 'a past that never was',
    codes: ['dag_past_wrong'],
    at: 'stamped',
    plant: ({ stamped, tenant }) =>
      `update dag.head set content_hash = ${another(tenant, 'head.content_hash')} where blob_id = '${stamped}' and version = 1`,
  },
]
