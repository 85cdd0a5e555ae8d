import { another, type Defect } from './defect.ts'

export const history: readonly Defect[] = [
  {
    name: 'a flipped byte in content',
    codes: ['content_damaged'],
    at: 'document',
    plant: ({ document }) => `update blob.content set bytes = set_byte(bytes, 2, get_byte(bytes, 2) # 1)
      from blob.blob where blob.id = '${document}' and content.hash = blob.content_hash and content.tenant_id = blob.tenant_id`,
  },
  {
    name: 'a flipped byte in a patch',
    codes: ['content_damaged'],
    at: 'text',
    plant: ({
      text,
    }) => `update blob.content set bytes = set_byte(bytes, length(bytes) - 1, get_byte(bytes, length(bytes) - 1) # 1)
      from blob.version where version.blob_id = '${text}' and content.hash = version.content_hash and content.tenant_id = version.tenant_id and content.encoding = 2`,
  },
  {
    name: 'a second version of one delta',
    codes: ['version_duplicate', 'delta_missing'],
    at: 'document',
    plant: ({ document }) => `with twice as (
        insert into blob.version select gen_random_uuid(), tenant_id, blob_id, version + 1, content_type, content_hash, size, delta_id, operation, created_by,
          user_id, caused_by, metadata, created_at from blob.version where version_id = (select version_id from blob.blob where id = '${document}') returning *)
      update blob.blob set version = twice.version, version_id = twice.version_id from twice where id = twice.blob_id`,
  },
  {
    name: 'a missing delta',
    codes: ['delta_missing'],
    at: 'document',
    plant: ({ document }) => `delete from delta.delta where blob_id = '${document}' and to_version = 3`,
  },
  {
    name: 'a delta that says something else',
    codes: ['delta_hash_wrong', 'version_hash_wrong'],
    at: 'document',
    plant: ({ document }) =>
      `update delta.delta set patch = replace(patch::text, '"b"', '"c"')::json where blob_id = '${document}' and to_version = 3`,
  },
  {
    name: 'a delta that waits',
    codes: ['delta_pending'],
    at: 'document',
    plant: ({ document }) =>
      `update delta.delta set status = 'pending' where blob_id = '${document}' and to_version = 6`,
  },
  {
    name: 'a wrong hash in a version',
    codes: ['version_hash_wrong'],
    at: 'document',
    plant: ({
      document,
      tenant,
    }) => `update blob.version set content_hash = ${another(tenant, 'version.content_hash')}, size = (
        select size from blob.content where tenant_id = '${tenant}' and hash = ${another(tenant, 'version.content_hash')})
      where blob_id = '${document}' and version = 2`,
  },
  {
    name: 'a gap in the versions',
    codes: ['version_missing'],
    at: 'document',
    plant: ({ document }) => `delete from blob.version where blob_id = '${document}' and version = 3`,
  },
  {
    name: 'content that is gone',
    codes: ['content_missing'],
    at: 'document',
    plant: ({ document }) =>
      `delete from blob.content using blob.blob where blob.id = '${document}' and content.hash = blob.content_hash and content.tenant_id = blob.tenant_id`,
  },
  {
    name: 'a version that says something else than its delta',
    codes: ['version_differs'],
    at: 'document',
    plant: ({ document }) =>
      `update blob.version set created_by = 'nobody' where blob_id = '${document}' and version = 2`,
  },
  {
    name: 'a second delta of one version',
    codes: ['delta_duplicate'],
    at: 'document',
    plant: ({ document }) => `
      insert into delta.delta (id, tenant_id, blob_id, user_id, operation, format, patch, content_hash, content_type, from_version, to_version, status, applied_at)
      select gen_random_uuid(), tenant_id, blob_id, user_id, operation, format, patch, content_hash, content_type, from_version, to_version, status, applied_at
      from delta.delta where blob_id = '${document}' and to_version = 2`,
  },
  {
    name: 'a delta that starts elsewhere',
    codes: ['delta_chain_broken'],
    at: 'document',
    plant: ({ document }) => `update delta.delta set from_version = 1 where blob_id = '${document}' and to_version = 3`,
  },
  {
    name: 'a delta that does not fit',
    codes: ['delta_not_replayable'],
    at: 'document',
    plant: ({ document }) =>
      `update delta.delta set patch = '[{"op": "remove", "path": "/nowhere"}]' where blob_id = '${document}' and to_version = 2`,
  },
  {
    name: 'a revert to what never was',
    codes: ['revert_unknown', 'version_hash_wrong'],
    at: 'document',
    plant: ({ document, text }) => `update delta.delta set content_hash = blob.content_hash from blob.blob
      where blob.id = '${text}' and delta.blob_id = '${document}' and delta.operation = 'revert'`,
  },
  {
    name: 'a delta that was refused and made a version all the same',
    codes: ['fate_wrong'],
    at: 'document',
    plant: ({ document }) => `update blob.delta_fate set version_id = null from blob.blob
      where blob.id = '${document}' and delta_fate.version_id = blob.version_id`,
  },
]
