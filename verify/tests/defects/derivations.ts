import type { Defect } from './defect.ts'
import { writeVersion } from './write-version.ts'

export const derivations: readonly Defect[] = [
  {
    name: 'an unfenced write: a late attempt on older inputs over the head',
    codes: ['derived_head_wrong', 'derived_unexplained'],
    at: 'comparison',
    plant: ({ comparison }) => writeVersion(comparison, 1, 'transform'),
  },
  {
    name: 'an unfenced write of what cannot be made again',
    codes: ['derived_head_wrong', 'derived_unexplained'],
    at: 'stamped',
    plant: ({ stamped }) => writeVersion(stamped, 2, 'transform'),
  },
  {
    name: 'a stale derived blob: an edit that started nothing',
    codes: ['derived_stale'],
    at: 'expanded',
    plant: ({ text }) => writeVersion(text, 1, 'update'),
  },
  {
    name: 'swapped inputs of a derivation',
    codes: ['derived_stale', 'derived_head_wrong'],
    at: 'comparison',
    plant: ({ comparison }) => `update dag.edge set source_id = other.source_id from dag.edge other
      where edge.target_id = '${comparison}' and other.target_id = edge.target_id and other.input <> edge.input`,
  },
  {
    name: 'a derived blob that outlived its source',
    codes: ['derived_not_deleted'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.edge set valid_to = now() where target_id = '${stamped}'`,
  },
  {
    name: 'a node that runs for ever',
    codes: ['node_unsettled'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.node set state = 'running' where blob_id = '${stamped}'`,
  },
  {
    name: 'a derived blob that is blocked by nothing',
    codes: ['dag_state_wrong'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.node set state = 'blocked' where blob_id = '${stamped}'`,
  },
  {
    name: 'a derived blob that is not deleted though what fed it, over two steps, has gone',
    codes: ['dag_state_wrong'],
    at: 'unmade',
    plant: ({ cancelled }) => `update dag.edge set valid_to = now() where target_id = '${cancelled}'`,
  },
  {
    name: 'a derived blob that feeds on itself',
    codes: ['derivation_cycle'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.edge set source_id = target_id where target_id = '${stamped}'`,
  },
  {
    name: 'a derived blob that went without its source',
    codes: ['derived_missing'],
    at: 'stamped',
    plant: ({ stamped }) => `update dag.node set state = 'deleted' where blob_id = '${stamped}'`,
  },
  {
    name: 'an output that is recorded nowhere',
    codes: ['output_unrecorded', 'derived_stale'],
    at: 'stamped',
    plant: ({ stamped }) => `
      with forgotten as (delete from dag.memo using dag.run where run.id = memo.run_id and run.blob_id = '${stamped}')
      update dag.run set key = repeat('0', 64) where blob_id = '${stamped}'`,
  },
  {
    name: 'a configuration that the provider does not take',
    codes: ['rerun_failed', 'derived_stale'],
    at: 'comparison',
    plant: ({ comparison }) => `update dag.node set config = '{"unknown": true}' where blob_id = '${comparison}'`,
  },
]
