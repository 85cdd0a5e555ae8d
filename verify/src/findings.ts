/** What can be wrong, and what it means. The codes are stable: scripts and tests know them. */
export const codes = {
  content_damaged: 'kept bytes do not decode to what their hash says',
  content_missing: 'a version, or a recorded output, points at bytes that are not kept',
  version_missing: 'an applied delta has no version, or a version between others is not there',
  version_duplicate: 'two versions have one number, or one delta made two of them',
  version_hash_wrong: 'a version is not what replaying its deltas gives',
  version_differs: 'a version and the delta that made it say different things',
  delta_missing: 'a version has no applied delta',
  delta_duplicate: 'two applied deltas say that they made one version',
  delta_chain_broken: 'a delta does not start at the version before the one that it made',
  delta_hash_wrong: 'a delta records another result than applying it gives',
  delta_not_replayable: 'a delta cannot be applied to the version before it',
  delta_pending: 'a delta waits for its outcome',
  revert_unknown: 'a revert went to content that the blob never had',
  purge_unasked: 'a version is marked as purged, or its content is gone, and no purge took it',
  purge_missed: 'a purge that is done took a version, and it is not marked so',
  purged_content_kept: 'there is content again, or still, of what has been purged',
  purge_open: 'a purge is under way',
  fate_wrong: 'what blob decided about a delta is not what its versions say',
  head_missing: 'a blob has versions and no head',
  head_wrong: "a blob's head is not its newest version",
  dag_node_missing: 'dag has not heard of a blob',
  dag_head_wrong: 'dag and blob have different heads',
  dag_past_wrong: 'a head that dag remembers is no version of the blob, or another one',
  dag_state_wrong: "a node's state cannot be, given its inputs",
  derivation_cycle: 'derived blobs feed on each other',
  derived_stale: 'the last run of a derived blob was not of the inputs and configuration that it has now',
  derived_head_wrong: 'a derived blob is not what its provider makes of its inputs, or what was recorded for them',
  derived_unexplained: 'no run made the head of a derived blob',
  derived_not_deleted: 'a derived blob is there, and all that feeds it is gone',
  derived_missing: 'a derived blob is gone or was never made, and its inputs are there',
  output_unrecorded: "no recorded output has the key that a derived blob's inputs give",
  rerun_failed: 'a provider that made an output once refuses to make it again',
  overlay_lost: "a user's edit of a derived blob is gone, and nobody has taken it back",
  overlay_wrong:
    "a user's edit stands on something else than they edited, or is kept as something else than they wrote",
  overlay_merge_wrong: "a derived blob does not hold what a user's edit and the newest output give",
  overlay_output_wrong: "the newest output beside a user's edit is not what the provider makes of the inputs",
  run_id_wrong: "a run's id is not that of its node and epoch",
  run_inputs_wrong: 'a run records inputs that its derivation did not have, or versions with other content',
  run_output_wrong: 'running the provider again on the recorded inputs gives something else',
  run_version_wrong: 'a run says that it made a version that is not there, or is another one',
  run_out_of_order: 'a version was made by an older epoch than the version before it',
  key_ambiguous: 'a key with a recorded output was computed again, to another one',
  memo_wrong: 'a memo is not what the run that it names recorded',
  published_wrong: 'readers see a version that is not there, has not settled, or is not the one that was published',
  published_stale: 'all that is published together has settled, and readers see an older state',
  published_mixed: 'readers see a derived blob that was made of other contents than those that they see of its inputs',
  event_missing: 'a version, delta or run has not left as an event',
  event_duplicate: 'it has left as several events',
  event_wrong: 'its event says something else',
  outbox_unsent: 'an event waits, or was refused by NATS',
  publication_unsent: 'a publication waits: blob has not been told',
  node_unsettled: 'a node waits or runs: the studio is not quiet',
  cascade_open: 'a cascade is not settled: the studio is not quiet',
} as const
export type Code = keyof typeof codes

/** One thing that is not as it must be. `blob_id` and `version` are null where it belongs to none. */
export interface Divergence {
  readonly code: Code
  readonly tenant_id: string | null
  readonly blob_id: string | null
  readonly version: number | null
  readonly expected: string
  readonly found: string
}

/** Collects divergences. Both sides are told as text: hashes, numbers, or compact JSON. */
export interface Findings {
  readonly all: readonly Divergence[]
  add(
    code: Code,
    place: { tenant_id: string | null; blob_id?: string | null; version?: number | null },
    expected: unknown,
    found: unknown,
  ): void
}

export function createFindings(): Findings {
  const all: Divergence[] = []
  return {
    all,
    add: (code, { tenant_id, blob_id = null, version = null }, expected, found) => {
      all.push({ code, tenant_id, blob_id, version, expected: textOf(expected), found: textOf(found) })
    },
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
