import type { ClaimInput } from '@studio/contracts'
import type { Queryable, Transaction } from '@studio/database'
import type { NamedInputs } from '@studio/kernel'
import type { InputEdge, NewDerivation } from '../domain/ports.ts'
import { moment } from './moment.ts'

/** Inputs of nodes at their heads, by node, in the order of name and place. A deleted blob is no input until it comes back. */
export async function listInputs(tx: Queryable, blobIds: readonly string[]): Promise<Map<string, ClaimInput[]>> {
  const inputs = new Map<string, ClaimInput[]>()
  if (blobIds.length === 0) return inputs
  const rows = await tx.query<ClaimInput & { target_id: string }>(
    'list-inputs',
    `select edge.target_id, edge.input as name, source.blob_id, source.version, source.content_hash, source.content_type
     from unnest($1::uuid[]) as wanted(id)
     cross join lateral (select * from edge where edge.target_id = wanted.id and edge.valid_to is null offset 0) as edge
     join node source on source.blob_id = edge.source_id
     where source.state <> 'deleted' and not source.doomed and source.content_hash is not null
     order by edge.target_id, edge.input, edge.ordinal`,
    [blobIds],
  )
  for (const { target_id: target, ...input } of rows) {
    const list = inputs.get(target)
    if (list) list.push(input)
    else inputs.set(target, [input])
  }
  return inputs
}

export async function listEdgesBelow(tx: Transaction, blobIds: readonly string[]): Promise<InputEdge[]> {
  return await tx.query<InputEdge>(
    'list-edges-below',
    `with recursive below(blob_id) as (
       select unnest($1::uuid[])
       union select edge.target_id from below join edge on edge.source_id = below.blob_id and edge.valid_to is null)
     select edge.source_id, edge.target_id, source.state = 'deleted' or source.doomed as source_deleted
     from below join edge on edge.target_id = below.blob_id and edge.valid_to is null join node source on source.blob_id = edge.source_id`,
    [blobIds],
  )
}

/** Adds nodes that are not made yet (version 0) with their input edges; one that is there already stays as it is. */
export async function addDerivations(
  tx: Transaction,
  tenantId: string,
  derivations: readonly NewDerivation[],
): Promise<string[]> {
  const nodes = derivations.map(({ inputs: _inputs, ...node }) => node)
  const edges = derivations.flatMap(({ blob_id: target_id, inputs }) =>
    Object.entries(inputs).flatMap(([input, sources]) =>
      sources.map((source_id, ordinal) => ({ target_id, input, ordinal, source_id })),
    ),
  )
  const added = await tx.query<{ blob_id: string }>(
    'add-derivations',
    `with added as (
       insert into node (blob_id, tenant_id, user_id, created_by, providers, ancestry, parent_id, root_id, depth, version, provider_id, config, label, state)
       select blob_id, $1, user_id, provider_id, '"auto"', ancestry, parent_id, root_id, depth, 0, provider_id, config, label, 'dirty'
       from json_to_recordset($2::json) as new(blob_id uuid, user_id uuid, provider_id text, ancestry text[], parent_id uuid, root_id uuid, depth int, config json, label text)
       on conflict (blob_id) do nothing
       returning blob_id),
     joined as (
       insert into edge (target_id, input, ordinal, source_id, valid_from)
       select new.target_id, new.input, new.ordinal, new.source_id, ${moment}
       from json_to_recordset($3::json) as new(target_id uuid, input text, ordinal int, source_id uuid) join added on added.blob_id = new.target_id)
     select blob_id from added`,
    [tenantId, JSON.stringify(nodes), JSON.stringify(edges)],
  )
  return added.map((row) => row.blob_id)
}

/** What feeds a derived blob, by the name of the input, in order; deleted blobs included, which count for nothing until they come back. */
export async function readInputs(tx: Transaction, blobId: string): Promise<Record<string, string[]>> {
  const rows = await tx.query<{ input: string; source_id: string }>(
    'read-inputs',
    'select input, source_id from edge where target_id = $1 and valid_to is null order by input, ordinal',
    [blobId],
  )
  const inputs: Record<string, string[]> = {}
  for (const { input, source_id } of rows) (inputs[input] ??= []).push(source_id)
  return inputs
}

export async function replaceInputs(
  tx: Transaction,
  tenantId: string,
  blobId: string,
  inputs: NamedInputs,
): Promise<void> {
  const edges = Object.entries(inputs).flatMap(([input, sources]) =>
    sources.map((source_id, ordinal) => ({ input, ordinal, source_id })),
  )
  await tx.send('close-inputs', `update edge set valid_to = ${moment} where target_id = $2 and valid_to is null`, [
    tenantId,
    blobId,
  ])
  await tx.send(
    'open-inputs',
    `insert into edge (target_id, input, ordinal, source_id, valid_from)
     select $2, input, ordinal, source_id, ${moment} from json_to_recordset($3::json) as new(input text, ordinal int, source_id uuid)`,
    [tenantId, blobId, JSON.stringify(edges)],
  )
}
