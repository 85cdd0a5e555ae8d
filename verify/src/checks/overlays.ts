import type { Code } from '../findings.ts'
import { mayBeMerge } from '../merge.ts'
import type { Tenant } from '../tenant.ts'

interface Side {
  readonly hash: string
  readonly type: string
}

interface Overlay {
  readonly base: Side
  readonly edited: Side
  readonly generated: Side
  readonly conflicted: boolean
}

/** A version of a derived blob that a user has edited, with the overlay that is kept with it. */
interface Row {
  readonly blob_id: string
  readonly version: number
  readonly held: Side
  readonly by_user: boolean
  readonly deleted: boolean
  readonly purged: boolean
  readonly overlay: Overlay | null
  /** Of the head: how blob and dag say that the overlay stands, and what dag takes for the newest output; null of all others. */
  readonly head: {
    readonly state: string | null
    readonly dag_state: string | null
    readonly dag_output: string | null
  } | null
}

type Report = (code: Code, expected: unknown, found: unknown) => void

/**
 * Follows users' edits of derived blobs from version to version: an edit stands until its user takes it back, on the output that was there when it was made, and the blob
 * holds what edit and newest output give, or in a conflict the edit. Of edits that a purge took nothing is left to follow: who comes after them starts from what is
 * kept. Answers how many versions stand under an edit.
 */
export async function checkOverlays(tenant: Tenant): Promise<number> {
  let count = 0
  let before: Row | undefined
  for await (const row of readRows(tenant)) {
    const { blob_id, version } = row
    const follows = before?.blob_id === blob_id ? before : null
    before = row
    if (row.purged || (follows?.purged && row.overlay)) continue
    const report: Report = (code, expected, found) =>
      tenant.findings.add(code, { tenant_id: tenant.id, blob_id, version }, expected, found)
    follow(row, follows?.purged ? null : follows, report)
    if (row.overlay) {
      count++
      if (!row.deleted) await checkContent(tenant, row.overlay, row.held, report)
    }
    if (row.head) checkHead(row, row.head, report)
  }
  return count
}

/** What the version before leaves of an edit, beside what this one has. Its output moves on without a version, and may come to be in conflict. */
function follow(row: Row, before: Row | null, report: Report): void {
  const { overlay, held, by_user, deleted } = row
  const standing = before?.overlay ?? null
  const isKept = deleted || !by_user || (before !== null && isSame(held, before.held) && isSameEdit(overlay, standing))
  if (isKept) {
    if (standing === null) {
      if (overlay) report('overlay_wrong', 'no edit', overlay)
    } else if (overlay === null) report('overlay_lost', standing, null)
    else if (!isSameEdit(overlay, standing) || (standing.conflicted && !overlay.conflicted))
      report('overlay_wrong', standing, overlay)
    return
  }
  // Where a user brings it into being, nobody has made anything of it before.
  const generated = standing?.generated ?? before?.held
  if (generated === undefined || isSame(held, generated)) {
    if (overlay) report('overlay_wrong', 'no edit', overlay)
    return
  }
  if (overlay === null) return report('overlay_lost', { base: generated, edited: held }, null)
  const isSettled = isSame(overlay.base, generated)
  const isOpen = standing?.conflicted === true && isSame(overlay.base, standing.base) && overlay.conflicted
  if (!isSame(overlay.edited, held) || !(isSettled || isOpen))
    report('overlay_wrong', { base: generated, edited: held }, overlay)
}

async function checkContent(
  { contents }: Tenant,
  { base, edited, generated, conflicted }: Overlay,
  held: Side,
  report: Report,
): Promise<void> {
  const expectSide = (side: Side): void => {
    if (!isSame(held, side)) report('overlay_merge_wrong', side, held)
  }
  if (conflicted || isSame(generated, base)) return expectSide(edited)
  if (isSame(edited, generated)) return expectSide(generated)
  const types = new Set([base.type, edited.type, generated.type, held.type])
  if (types.size > 1) return report('overlay_merge_wrong', 'a conflict of contents of several types', held)
  const [one, two, three, found] = await Promise.all(
    [base, edited, generated, held].map(({ hash }) => contents.read(hash)),
  )
  // Bytes that are gone or damaged are named where they lie.
  if (!one || !two || !three || !found) return
  if (!mayBeMerge(base.type, { base: one, edited: two, generated: three }, found))
    report('overlay_merge_wrong', `what ${edited.hash} and ${generated.hash} give of ${base.hash}`, held)
}

function checkHead({ overlay, deleted }: Row, head: NonNullable<Row['head']>, report: Report): void {
  const state = overlay && (overlay.conflicted ? 'conflicted' : 'edited')
  if (head.state !== state) report('overlay_wrong', state, head.state)
  // What dag has not settled is named elsewhere; of a tombstone it keeps no output.
  if (deleted || head.dag_output === null || overlay === null) return
  if (head.dag_state !== state || head.dag_output !== overlay.generated.hash)
    report(
      'dag_head_wrong',
      { overlay: state, output: overlay.generated.hash },
      { overlay: head.dag_state, output: head.dag_output },
    )
}

function isSame(one: Side, other: Side): boolean {
  return one.hash === other.hash && one.type === other.type
}

function isSameEdit(one: Overlay | null, other: Overlay | null): boolean {
  if (one === null || other === null) return one === other
  return isSame(one.base, other.base) && isSame(one.edited, other.edited)
}

const side = (name: string): string => `json_build_object('hash', overlay.${name}_hash, 'type', overlay.${name}_type)`

/** All versions of derived blobs that a user has ever written, in their order. */
function readRows({ id, snapshot }: Tenant): AsyncGenerator<Row, void> {
  return snapshot.stream<Row>(
    `select version.blob_id, version.version, json_build_object('hash', version.content_hash, 'type', version.content_type) as held,
       version.created_by = 'user' as by_user, version.operation = 'delete' as deleted, version.purged,
       case when overlay.blob_id is not null then json_build_object('base', ${side('base')}, 'edited', ${side('edited')},
         'generated', ${side('generated')}, 'conflicted', overlay.conflicted) end as overlay,
       case when blob.version = version.version then json_build_object('state', blob.overlay, 'dag_state', node.overlay,
         'dag_output', case when node.state = 'settled' then coalesce(node.output_hash, node.content_hash) end) end as head
     from blob.version join blob.blob on blob.id = version.blob_id
       join dag.node on node.blob_id = version.blob_id and node.provider_id is not null
       left join blob.overlay on overlay.blob_id = version.blob_id and overlay.version = version.version
     where version.tenant_id = $1 and (exists (select from blob.overlay as any_one where any_one.blob_id = version.blob_id)
       or exists (select from blob.version as own where own.blob_id = version.blob_id and own.created_by = 'user'))
     order by version.blob_id, version.version`,
    [id],
    200,
  )
}
