import type { BlobResource, DerivationResource, ExplanationResource, VersionResource } from '@studio/contracts'
import { sha256 } from '@studio/kernel'
import type { Provider } from '@studio/provider-kit'
import type { Answer } from '@studio/testing'
import { verify } from '../../verify/src/verify.ts'
import { withSnapshot } from '../../verify/src/with-snapshot.ts'
import { providers } from '../providers/providers.ts'
import { base, type Person } from './person.ts'
import { releasedProvider } from './released-provider.ts'
import type { Stage } from './stage.ts'

/** What a history came to. */
export interface Judgement {
  /** What is not as it must be, a line each: `<code>: <where>`. */
  readonly divergences: readonly string[]
  /** Runs that computed, and how many keys they computed. */
  readonly runs: number
  readonly keys: number
  readonly derivedBlobs: number
}

/** Judges the tenant of a person when all is quiet: by `verify`, by what the person was promised, and by the test providers that `verify` does not know. */
export async function judge(stage: Stage, person: Person): Promise<Judgement> {
  const { tenantId } = person
  const report = await withSnapshot(stage.studio.databaseUrl, (client) => verify(client, tenantId))
  const { rows } = await stage.database.query<{ runs: number; keys: number }>(
    `select count(*)::int as runs, count(distinct key)::int as keys from dag.run where tenant_id = $1 and outcome in ('version', 'cutoff')`,
    [tenantId],
  )
  const { runs, keys } = rows[0] ?? { runs: 0, keys: 0 }
  const derived = await judgeDerivations(person)
  const divergences = [
    ...report.divergences.map(
      ({ code, blob_id, version, expected, found }) =>
        `${code}: blob ${blob_id}, version ${version}: expected ${expected}, found ${found}`,
    ),
    ...(await traceNodes(
      stage,
      report.divergences.flatMap(({ code, blob_id }) => (code === 'dag_state_wrong' && blob_id ? [blob_id] : [])),
    )),
    ...person.surprises.map((surprise) => `answer_unexpected: ${surprise}`),
    ...(await judgeWrites(person)),
    ...(await judgeEdits(person)),
    ...derived.divergences,
    ...(runs === keys ? [] : [`key_computed_again: ${runs} runs for ${keys} keys`]),
  ]
  return { divergences, runs, keys, derivedBlobs: derived.count }
}

/** What is kept of nodes whose state is wrong: it came about in an order that hardly comes again. */
async function traceNodes({ database }: Stage, blobIds: readonly string[]): Promise<string[]> {
  const { rows } = await database.query<{ trace: unknown }>(
    `with near as (
       select id, id as target_id, null::json as edge from unnest($1::uuid[]) as wrong(id)
       union all select source_id, target_id, to_json(edge) from dag.edge where target_id = any($1))
     select json_strip_nulls(json_build_object('edge', near.edge,
       'node', (select to_json(node) from dag.node where node.blob_id = near.id),
       'head', (select json_build_object('version', version, 'deleted_at', deleted_at, 'updated_at', updated_at) from blob.blob where blob.id = near.id),
       'runs', (select json_agg(json_build_object('epoch', epoch, 'outcome', outcome, 'version', version, 'at', finished_at) order by epoch) from dag.run where run.blob_id = near.id),
       'cascades', (select json_agg(cascade order by started_at) from dag.cascade join dag.node on cascade.id = node.cascade_id or cascade.root_id = node.root_id
         where node.blob_id = near.id and near.edge is null))) as trace
     from near order by near.target_id, near.edge is not null`,
    [blobIds],
  )
  return rows.map(({ trace }) => `trace: ${JSON.stringify(trace)}`)
}

/** Each acknowledged version can be read and is what was acknowledged; there is no other one, and none is missing. */
async function judgeWrites({ api, sources, acknowledged }: Person): Promise<string[]> {
  const divergences: string[] = []
  for (const { id } of sources) {
    const versions = await read<VersionResource[]>(api.get(`${base}/blobs/${id}/versions?limit=200`))
    const found = versions
      .map(({ version, operation, content_hash }) => lineOf(version, operation === 'delete' ? null : content_hash))
      .reverse()
    const promised = acknowledged
      .filter(({ blob_id }) => blob_id === id)
      .sort((one, other) => one.version - other.version)
    const expected = promised.map(({ version, content_hash }) => lineOf(version, content_hash))
    if (JSON.stringify(found) !== JSON.stringify(expected))
      divergences.push(`write_lost_or_doubled: blob ${id}: acknowledged ${expected.join()}, found ${found.join()}`)
    if (versions.some(({ version }, at) => version !== versions.length - at))
      divergences.push(`versions_not_dense: blob ${id}: ${versions.map(({ version }) => version).join()}`)
    for (const { version, content_hash } of promised) {
      const { status, body } = await api.get(`${base}/blobs/${id}/versions/${version}?include=content`)
      const text = (body.data as VersionResource | undefined)?.text
      if (status !== 200 || (content_hash !== null && sha256(text ?? '') !== content_hash))
        divergences.push(`write_unreadable: blob ${id}, version ${version}: ${status}`)
    }
  }
  return divergences
}

/** Each acknowledged edit of a derived blob can be read: `verify` follows those that blob has, and would not miss one that is gone. */
async function judgeEdits({ api, sources, acknowledged }: Person): Promise<string[]> {
  const written = new Set(sources.map(({ id }) => id))
  const divergences: string[] = []
  for (const { blob_id, version, content_hash } of acknowledged.filter((one) => !written.has(one.blob_id))) {
    const { status, body } = await api.get(`${base}/blobs/${blob_id}/versions/${version}?include=content`)
    const text = (body.data as VersionResource | undefined)?.text
    if (status !== 200 || sha256(text ?? '') !== content_hash)
      divergences.push(`edit_lost: blob ${blob_id}, version ${version}: ${status}`)
  }
  return divergences
}

const lineOf = (version: number, contentHash: string | null): string => `${version} ${contentHash ?? 'deleted'}`

/** No derivation is stale, and each blob that a test provider made is what that provider makes of the inputs as they are now. */
async function judgeDerivations({ api, derivations }: Person): Promise<{ divergences: string[]; count: number }> {
  const blobs = new Map((await listBlobs(api)).map((blob) => [blob.id, blob]))
  const divergences: string[] = []
  let count = 0
  for (const { id } of derivations) {
    const derivation = await read<DerivationResource>(api.get(`${base}/derivations/${id}`), 404)
    if (derivation?.state !== 'settled') continue
    count += 1
    const explanation = await read<ExplanationResource>(api.get(`${base}/blobs/${id}/explain`))
    if (explanation.freshness !== 'fresh' && explanation.freshness !== 'outdated')
      divergences.push(`derivation_stale: blob ${id}: ${explanation.summary}`)
    const made = explanation.made_by
    const provider = made && providerOf(made.provider_id, made.provider_version)
    if (!provider) continue
    const expected = await outputOf(provider, derivation, blobs)
    const { text: found, overlay } = blobs.get(id) ?? {}
    // What an edit and the newest output give verify looks at.
    if (!overlay && found !== expected)
      divergences.push(`derived_wrong: blob ${id} of ${made.provider_id}: expected ${expected}, found ${found}`)
  }
  return { divergences, count }
}

function providerOf(id: string, version: string): Provider | undefined {
  if (id === 'released') return releasedProvider(Number(version.split('.')[1]))
  return providers.find(({ manifest }) => manifest.id === id && manifest.version === version)
}

async function outputOf(
  provider: Provider,
  { inputs, configuration }: DerivationResource,
  blobs: ReadonlyMap<string, BlobResource>,
): Promise<string> {
  const contents = Object.entries(inputs).map(([name, ids]) => [
    name,
    ids.flatMap((id) => {
      const blob = blobs.get(id)
      return blob ? [{ bytes: Buffer.from(blob.text ?? ''), content_type: blob.content_type }] : []
    }),
  ])
  const given = Object.fromEntries(contents) as Parameters<Provider['transform']>[0]
  const { bytes } = await provider.transform(given, configuration, new AbortController().signal)
  return Buffer.from(bytes).toString()
}

/** All blobs that are there, with their text. */
async function listBlobs(api: Person['api']): Promise<BlobResource[]> {
  const blobs: BlobResource[] = []
  for (let after = ''; ;) {
    const { status, body } = await api.get(`${base}/blobs?limit=200${after}`)
    if (status !== 200) throw new Error(`GET /blobs: ${status} ${JSON.stringify(body)}`)
    blobs.push(...(body.data as BlobResource[]))
    if (body.next === null) break
    after = `&after=${encodeURIComponent(body.next as string)}`
  }
  return await Promise.all(blobs.map(({ id }) => read<BlobResource>(api.get(`${base}/blobs/${id}?include=content`))))
}

async function read<Data>(answering: Promise<Answer>): Promise<Data>
async function read<Data>(answering: Promise<Answer>, absent: number): Promise<Data | null>
async function read<Data>(answering: Promise<Answer>, absent = 200): Promise<Data | null> {
  const { status, body } = await answering
  if (status === 200) return body.data as Data
  if (status === absent) return null
  throw new Error(`expected 200, got ${status}: ${JSON.stringify(body)}`)
}
