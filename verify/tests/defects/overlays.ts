import { another, type Defect } from './defect.ts'

export const overlays: readonly Defect[] = [
  {
    name: "a user's edit that was lost when the blob was made again",
    codes: ['overlay_lost'],
    at: 'edited',
    plant: ({ edited }) => `
      with gone as (delete from blob.overlay where blob_id = '${edited}' and version = 3)
      update blob.blob set overlay = null where id = '${edited}'`,
  },
  {
    name: "a user's edit that never was kept",
    codes: ['overlay_lost', 'overlay_wrong'],
    at: 'edited',
    plant: ({ edited }) => `delete from blob.overlay where blob_id = '${edited}' and version = 2`,
  },
  {
    name: 'an edit that stands on another base',
    codes: ['overlay_wrong'],
    at: 'edited',
    plant: ({ edited, tenant }) =>
      `update blob.overlay set base_hash = ${another(tenant, 'overlay.base_hash')} where blob_id = '${edited}'`,
  },
  {
    name: 'an edit that is kept as something else',
    codes: ['overlay_wrong'],
    at: 'edited',
    plant: ({ edited }) =>
      `update blob.overlay set edited_hash = generated_hash where blob_id = '${edited}' and version = 3`,
  },
  {
    name: 'a conflict that blob does not tell',
    codes: ['overlay_wrong'],
    at: 'conflicted',
    plant: ({ conflicted }) => `update blob.blob set overlay = 'edited' where id = '${conflicted}'`,
  },
  {
    name: 'an output over an edit that is said to stand',
    codes: ['overlay_merge_wrong'],
    at: 'edited',
    plant: ({ edited }) => `
      with overwritten as (
        update blob.version set content_hash = overlay.generated_hash from blob.overlay
        where overlay.blob_id = version.blob_id and overlay.version = version.version and version.blob_id = '${edited}' and version.version = 3
        returning version.*)
      update blob.blob set content_hash = overwritten.content_hash from overwritten where id = overwritten.blob_id`,
  },
  {
    name: 'a conflict in which the output came through',
    codes: ['overlay_merge_wrong'],
    at: 'conflicted',
    plant: ({ conflicted }) => `
      update blob.version set content_hash = overlay.generated_hash from blob.overlay
      where overlay.blob_id = version.blob_id and overlay.version = version.version and version.blob_id = '${conflicted}'`,
  },
  {
    name: 'an overlay that missed the newest output',
    codes: ['overlay_output_wrong', 'dag_head_wrong'],
    at: 'conflicted',
    plant: ({ conflicted }) =>
      `update blob.overlay set generated_hash = base_hash where blob_id = '${conflicted}' and version = 2`,
  },
]
