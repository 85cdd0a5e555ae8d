import { another, type Defect } from './defect.ts'

export const runs: readonly Defect[] = [
  {
    name: 'a wrong memo',
    codes: ['memo_wrong'],
    at: 'stamped',
    plant: ({ stamped, tenant }) => `update dag.memo set content_hash = ${another(tenant, 'memo.content_hash')}
      where run_id = (select id from dag.run where blob_id = '${stamped}' and outcome = 'version' and version = 1)`,
  },
  {
    name: 'a wrong output that all records agree on',
    codes: ['run_output_wrong'],
    at: 'comparison',
    plant: ({ comparison, tenant }) => `
      with wrong as (select ${another(tenant, "''")} as hash),
      runs as (update dag.run set content_hash = wrong.hash from wrong where blob_id = '${comparison}' and version = 1 returning id),
      memos as (update dag.memo set content_hash = wrong.hash from wrong, runs where run_id = runs.id),
      deltas as (update delta.delta set content_hash = wrong.hash from wrong where blob_id = '${comparison}' and to_version = 1)
      update blob.version set content_hash = wrong.hash from wrong where blob_id = '${comparison}' and version = 1`,
  },
  {
    name: 'swapped inputs of a run',
    codes: ['run_inputs_wrong'],
    at: 'comparison',
    plant: ({
      comparison,
    }) => `update dag.run set inputs = replace(replace(replace(inputs::text, '"before"', '"?"'), '"after"', '"before"'), '"?"', '"after"')::json
      where blob_id = '${comparison}' and version = 2`,
  },
  {
    name: 'a run that names an older version of its input',
    codes: ['run_inputs_wrong'],
    at: 'stamped',
    plant: ({
      stamped,
    }) => `update dag.run set inputs = regexp_replace(inputs::text, '"version" ?: ?2', '"version": 1')::json
      where blob_id = '${stamped}' and version = 2`,
  },
  {
    name: 'versions in the wrong order of epochs',
    codes: ['run_out_of_order'],
    at: 'stamped',
    // Its first and third version have the same content.
    plant: ({ stamped }) => `
      with runs as (update dag.run set version = 4 - version where blob_id = '${stamped}' and version in (1, 3))
      update blob.version set delta_id = other.delta_id from blob.version other
      where version.blob_id = '${stamped}' and other.blob_id = '${stamped}' and version.version in (1, 3) and other.version = 4 - version.version`,
  },
  {
    name: 'a run under an id of its own',
    codes: ['run_id_wrong'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.run set id = gen_random_uuid() where blob_id = '${stamped}' and version = 2`,
  },
  {
    name: 'a run that names another version than it made',
    codes: ['run_version_wrong'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.run set version = 1 where blob_id = '${stamped}' and version = 2`,
  },
  {
    name: 'two outputs of one key',
    codes: ['key_ambiguous'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.run set key = other.key from dag.run other
      where run.blob_id = '${stamped}' and run.version = 2 and other.blob_id = run.blob_id and other.version = 1`,
  },
]
