import type { Tenant } from '../tenant.ts'

/** Rows that must each have left as one fact of one event. */
interface Telling {
  readonly outbox: string
  readonly subject: string
  readonly rows: string
  /** When a row came to be. */
  readonly since: string
  /** Members of the fact and the columns that they tell of; the first one identifies the row. */
  readonly fields: Readonly<Record<string, string>>
  readonly version: string
}

const tellings: readonly Telling[] = [
  {
    outbox: 'blob.outbox',
    subject: 'studio.blob.%',
    rows: 'blob.version',
    since: 'created_at',
    fields: {
      version_id: 'version_id',
      blob_id: 'blob_id',
      version: 'version',
      content_hash: 'content_hash',
      delta_id: 'delta_id',
      operation: 'operation',
    },
    version: 'version',
  },
  {
    outbox: 'delta.outbox',
    subject: 'studio.delta.applied.%',
    rows: `(select * from delta.delta where status = 'applied') as applied`,
    since: 'applied_at',
    fields: { delta_id: 'id', blob_id: 'blob_id', operation: 'operation', to_version: 'to_version' },
    version: 'to_version',
  },
  {
    outbox: 'dag.outbox',
    subject: 'studio.run.settled.%',
    // What dag settles by itself it does not tell.
    rows: '(select * from dag.run where attempts > 0) as ended',
    since: 'finished_at',
    fields: { run_id: 'id', blob_id: 'blob_id', outcome: 'outcome', version: 'version', content_hash: 'content_hash' },
    version: 'version',
  },
]

/** Each version, applied delta and run of the last 23 hours is told by one event, in its own words: outbox rows stay for a day. */
export async function checkEvents(tenant: Tenant): Promise<number> {
  let facts = 0
  for (const telling of tellings) facts += await checkTelling(tenant, telling)
  return facts
}

async function checkTelling({ id: tenant_id, snapshot, findings }: Tenant, telling: Telling): Promise<number> {
  const { outbox, subject, rows, since, fields, version } = telling
  const members = Object.keys(fields).map((name) => `fact->>'${name}'`)
  const columns = Object.values(fields).map((name) => `${name}::text`)
  const untold = snapshot.stream<{
    blob_id: string
    version: number | null
    said: string[]
    facts: number
    fact: string[] | null
  }>(
    `with fact as (
       select ${members[0]} as id, array[${members.join(', ')}] as said from ${outbox}, json_array_elements(event->'data'->'facts') as fact
       where event->>'subject' = $1::text and subject like '${subject}'
     ), told as (
       select ${columns[0]} as id, blob_id, ${version} as version, array[${columns.join(', ')}] as said from ${rows}
       where tenant_id = $1::uuid and ${since} > now() - interval '23 hours'
     )
     select told.blob_id, told.version, told.said, count(fact.id)::int as facts, min(fact.said) as fact
     from told left join fact on fact.id = told.id
     group by told.id, told.blob_id, told.version, told.said`,
    [tenant_id],
    1000,
  )
  let count = 0
  for await (const { blob_id, version, said, facts, fact } of untold) {
    count += facts
    const place = { tenant_id, blob_id, version }
    if (fact === null) findings.add('event_missing', place, said, null)
    else if (facts > 1) findings.add('event_duplicate', place, said, `${facts} facts`)
    else if (JSON.stringify(said) !== JSON.stringify(fact)) findings.add('event_wrong', place, said, fact)
  }
  return count
}
