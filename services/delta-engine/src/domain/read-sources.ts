import type { Version } from '@studio/contracts'
import { neededContent, type Sources } from './plan-change.ts'
import type { MergeSources } from './plan-merged.ts'
import type { Blobs, ContentReference, DeltaStore, Settled } from './ports.ts'
import { readHistory } from './read-history.ts'
import type { Work } from './work.ts'

/**
 * Reads what the changes of a list need: one request for versions and one for contents, none where nothing is needed; histories one by one, so
 * that a change whose own cannot be told fails alone.
 */
export async function readSources(
  ports: { readonly blobs: Blobs; readonly store: DeltaStore },
  works: readonly Work[],
): Promise<Settled<Sources>[]> {
  const { blobs } = ports
  const references = works.map(({ submission: { item }, head }) => {
    const { tenant_id, blob_id } = item
    const { base, staged } = neededContent(item, head)
    return {
      base: base === null ? null : { tenant_id, hash: base, size: head?.size ?? null },
      staged: staged === null ? null : { tenant_id, hash: staged, size: null },
      target:
        item.operation === 'revert' && item.revert_to !== undefined
          ? { tenant_id, blob_id, version: item.revert_to }
          : null,
    }
  })
  const [bases, stages, versions, histories] = await Promise.all([
    readWanted<ContentReference, Buffer>(
      references.map(({ base }) => base),
      (wanted) => blobs.contents(wanted),
    ),
    readWanted<ContentReference, Buffer>(
      references.map(({ staged }) => staged),
      (wanted) => blobs.contents(wanted),
    ),
    readWanted(
      references.map(({ target }) => target),
      (wanted): Promise<(Version | null)[]> => blobs.versions(wanted),
    ),
    Promise.allSettled(
      works.map(async ({ submission: { item, delta_id }, head, merges }): Promise<MergeSources | null> =>
        merges && head !== null ? readHistory(ports, item, delta_id, head) : null,
      ),
    ),
  ])
  return histories.map((history, at) =>
    history.status === 'rejected'
      ? { error: history.reason as unknown }
      : {
          value: {
            base: bases[at] ?? null,
            staged: stages[at] ?? null,
            target: versions[at] ?? null,
            merge: history.value,
          },
        },
  )
}

/** Reads those that are wanted in one go and puts the answers back to their places. */
async function readWanted<Reference, Answer>(
  wanted: readonly (Reference | null)[],
  read: (references: readonly Reference[]) => Promise<readonly (Answer | null)[]>,
): Promise<(Answer | null)[]> {
  const present = wanted.filter((reference) => reference !== null)
  if (present.length === 0) return []
  const answers = (await read(present)).values()
  return wanted.map((reference) => (reference === null ? null : (answers.next().value ?? null)))
}
