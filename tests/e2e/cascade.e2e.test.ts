import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { flow, subjectsFor, type EventType } from '@studio/contracts'
import { Client, Connection } from '@temporalio/client'
import pg from 'pg'
import { startStudio, waitForValue, type TestStudio } from '@studio/testing'
import { user } from './support.ts'

let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({ workers: { 'test-worker': 'tests/providers/main.ts' } })
}, 180_000)

afterAll(() => studio?.stop())

describe('a text and what is derived from it', () => {
  test('one new text becomes a graph of four nodes and three edges', async () => {
    const ann = user(studio.as('four-nodes'))
    const text = await ann.create(
      'The fox have a apple in there garden. It was very sweet, and everybody in the village wanted to taste it.',
    )
    const graph = await ann.settled(text.id, 4)
    expect(graph.edges).toHaveLength(3)
    const derived = await ann.derived(text.id)
    expect(Object.keys(derived).sort()).toEqual(['grammar-checker', 'summariser', 'text-expander'])
    const expander = derived['text-expander']
    expect(expander?.parent_id).toBe(text.id)
    expect(derived['grammar-checker']?.parent_id).toBe(expander?.id)
    expect(derived['summariser']?.parent_id).toBe(expander?.id)
    expect(expander?.size).toBeGreaterThan(text.size)
    expect(derived['grammar-checker']?.text).toContain('an apple')
    for (const blob of Object.values(derived)) expect(blob).toMatchObject({ version: 1, root_id: text.id })
    expect(graph.levels.map((level) => level.length)).toEqual([1, 1, 2])
  })

  test('an edit cascades: identities stay, versions move on, the derived content holds the new text', async () => {
    const ann = user(studio.as('edit'))
    const text = await ann.create('A quiet river runs through the old town, and its bridges are made of stone.')
    await ann.settled(text.id, 4)
    const before = await ann.derived(text.id)
    const edited = await ann.edit(
      text.id,
      'A quiet river runs through the old town, and its heron stands beneath the stone bridge.',
    )
    expect(edited.version).toBe(2)
    await ann.settled(text.id, 4)
    const after = await ann.derived(text.id)
    for (const [provider, blob] of Object.entries(after)) {
      expect(blob.id).toBe(before[provider]?.id)
      expect(blob.version).toBe(2)
    }
    expect(after['text-expander']?.text).toContain('heron')
    const [run] = await ann.runs(after['text-expander']?.id ?? '')
    expect(run).toMatchObject({
      outcome: 'version',
      version: 2,
      inputs: [{ blob_id: text.id, version: 2, content_hash: edited.content_hash }],
    })
    const processed = (await ann.read(text.id)).processed_by?.['text-expander']
    expect(processed).toMatchObject({ status: 'settled', blob_id: after['text-expander']?.id })
  })

  test('equal bytes make a version and no cascade', async () => {
    const ann = user(studio.as('equal'))
    const text = await ann.create('Nothing changes here, whatever is written again.')
    await ann.settled(text.id, 4)
    const again = await ann.edit(text.id, 'Nothing changes here, whatever is written again.')
    expect(again.version).toBe(2)
    await ann.settled(text.id, 4)
    for (const blob of Object.values(await ann.derived(text.id))) expect(blob.version).toBe(1)
  })

  test('going back to an earlier text uses what is recorded and runs no provider', async () => {
    const ann = user(studio.as('memo'))
    const text = await ann.create('The first wording of a sentence that will come back to us later.')
    await ann.settled(text.id, 4)
    const first = await ann.derived(text.id)
    await ann.edit(text.id, 'A second wording that stays only for a moment or two.')
    await ann.settled(text.id, 4)
    await ann.edit(text.id, 'The first wording of a sentence that will come back to us later.')
    await ann.settled(text.id, 4)
    for (const [provider, blob] of Object.entries(await ann.derived(text.id))) {
      expect(blob).toMatchObject({ version: 3, content_hash: first[provider]?.content_hash })
      const [run] = await ann.runs(blob.id)
      expect(run?.outcome).toBe('memo')
    }
  })

  test('many edits in a row end in what the last one gives', async () => {
    const ann = user(studio.as('burst'))
    const text = await ann.create('Edit number zero of a text that somebody is typing.')
    for (let edit = 1; edit <= 15; edit++)
      await ann.edit(text.id, `Edit number ${edit} of a text that somebody is typing.`)
    await ann.settled(text.id, 4)
    const derived = await ann.derived(text.id)
    expect(derived['text-expander']?.text).toContain('Edit number 15 of')
    expect((await ann.versions(text.id)).map((version) => version.version)).toEqual(
      Array.from({ length: 16 }, (_, index) => 16 - index),
    )
  })

  test('deleting the source takes along what only it feeds', async () => {
    const ann = user(studio.as('delete'))
    const text = await ann.create('This text will be deleted, and all that was made of it goes with it.')
    await ann.settled(text.id, 4)
    const derived = await ann.derived(text.id)
    expect((await ann.remove(text.id)).status).toBeLessThan(300)
    expect((await ann.api.get(`/api/v1/studio/blobs/${text.id}`)).status).toBe(410)
    for (const blob of Object.values(derived)) {
      await waitGone(ann, blob.id)
      expect((await user(studio.as('somebody else')).api.get(`/api/v1/studio/blobs/${blob.id}`)).status).toBe(404)
    }
  })

  test('who says providers: none gets none', async () => {
    const ann = user(studio.as('none'))
    const text = await ann.create('A text that nobody is to touch.', { providers: 'none' })
    const graph = await ann.settled(text.id, 1)
    expect(graph.edges).toEqual([])
  })
})

describe('a provider on demand', () => {
  test('process answers 202 with a job, and the job ends with a run', async () => {
    const ann = user(studio.as('process'))
    const text = await ann.create('A text to be stamped.', { providers: 'none' })
    const { job_id, blob_id } = await ann.process('stamp', text.id, { mark: 'x' })
    const job = await ann.ended(job_id)
    expect(job).toMatchObject({ status: 'succeeded', blob_id, run: { outcome: 'version', version: 1 } })
    expect((await ann.read(blob_id)).text).toContain('to be stamped.')
    const again = await ann.process('stamp', text.id, { mark: 'x' })
    expect((await ann.ended(again.job_id)).run?.outcome).toBe('memo')
    expect((await ann.read(blob_id)).version).toBe(1)
  })

  test('a provider that throws has three attempts; then the run is failed, visible and retryable, and its siblings are done', async () => {
    const ann = user(studio.as('faulty'))
    const text = await ann.create('This one will fail at first.', { providers: 'none' })
    const failing = await ann.process('faulty', text.id)
    const below = await ann.process('stamp', failing.blob_id).catch((error: unknown) => error)
    expect(below).toBeInstanceOf(Error)
    const sibling = await ann.process('stamp', text.id)
    expect((await ann.ended(sibling.job_id)).status).toBe('succeeded')
    const failed = await ann.ended(failing.job_id, 90_000)
    expect(failed).toMatchObject({ status: 'failed', run: { outcome: 'failed', attempts: 3 } })
    const node = (await ann.graph(text.id)).nodes.find((one) => one.blob_id === failing.blob_id)
    expect(node).toMatchObject({ state: 'failed' })

    const client = new Client({ connection: await Connection.connect({ address: studio.temporalAddress }) })
    const workflow = client.workflow.getHandle(failed.run?.workflow_id ?? '')
    // dag is told before the workflow has ended.
    await expect(workflow.result()).rejects.toThrow()
    const description = await workflow.describe()
    expect([description.status.name, description.type]).toEqual(['FAILED', 'faulty'])
    await client.connection.close()

    const retried = await ann.retry(failing.job_id)
    expect(retried.status).toBe(202)
    expect((await ann.ended((retried.body as { data: { job_id: string } }).data.job_id, 90_000)).status).toBe('failed')
    await ann.edit(text.id, 'This one is well now.')
    const graph = await ann.settled(text.id, 3)
    expect(graph.nodes.every((one) => one.state === 'settled')).toBe(true)
    expect((await ann.read(failing.blob_id)).text).toBe('THIS ONE IS WELL NOW.')
  }, 200_000)

  test('in a batch the one that fails spoils no other', async () => {
    const ann = user(studio.as('batch'))
    const texts = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        ann.create(index === 3 ? 'number 3 will fail' : `number ${index}`, { providers: 'none' }),
      ),
    )
    const jobs = await Promise.all(texts.map((text) => ann.process('faulty', text.id)))
    const ended = await Promise.all(jobs.map((job) => ann.ended(job.job_id, 90_000)))
    expect(ended.map((job) => job.status)).toEqual(texts.map((_, index) => (index === 3 ? 'failed' : 'succeeded')))
    expect(ended[3]?.run?.attempts).toBe(3)
  }, 120_000)

  test('a chain of derivations made by hand follows an edit of its beginning', async () => {
    const ann = user(studio.as('chain'))
    const text = await ann.create('link 0', { providers: 'none' })
    let input = text.id
    for (let link = 1; link <= 5; link++) {
      const { job_id, blob_id } = await ann.process('stamp', input, { mark: `link ${link}` })
      expect((await ann.ended(job_id)).status).toBe('succeeded')
      input = blob_id
    }
    await ann.edit(text.id, 'link 0, edited')
    const graph = await ann.settled(text.id, 6)
    expect(graph.nodes.map((node) => node.version)).toEqual([2, 2, 2, 2, 2, 2])
    expect((await ann.read(input)).text).toContain('link 0, edited')
  })
})

test('Temporal shows cascades and runs under readable ids with search attributes', async () => {
  const ann = user(studio.as('inspect'))
  const text = await ann.create('Somebody will look at this one in the UI of Temporal.')
  await ann.settled(text.id, 4)
  const client = new Client({ connection: await Connection.connect({ address: studio.temporalAddress }) })
  const seen: string[] = []
  for await (const execution of client.workflow.list({
    query: `studioTenant = '${studio.tenantOf('inspect')}' and studioRoot = '${text.id}'`,
  })) {
    seen.push(`${execution.type}: ${execution.workflowId}`)
  }
  expect(seen).toContain(`cascade: cascade/${studio.tenantOf('inspect')}/${text.id}`)
  expect(seen.some((one) => one.startsWith('textExpander: text-expander/'))).toBe(true)
  await client.connection.close()
})

test('the five metrics are served where they are measured', async () => {
  const served = await Promise.all(
    (['blob', 'delta-engine', 'dag', 'worker', 'gateway'] as const).map(async (name) =>
      (await fetch(`${studio.serviceUrl(name)}/metrics`)).text(),
    ),
  )
  const all = served.join('\n')
  for (const metric of [
    'studio_blob_creation_duration_seconds_bucket{',
    'studio_delta_application_duration_seconds_bucket{',
    'studio_provider_processing_duration_seconds_bucket{',
    'studio_dag_depth{',
    'studio_cache_hit_rate{',
  ]) {
    expect(all).toContain(metric)
  }
})

test('what is sent and who listens is what the flow table says', async () => {
  const ann = user(studio.as('flow'))
  const text = await ann.create('A text that is made, changed and deleted.')
  await ann.settled(text.id, 4)
  const writers = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      ann.api.patch(`/api/v1/studio/blobs/${text.id}`, { text: `Writer ${index}`, from_version: 1 }),
    ),
  )
  expect(writers.filter((answer) => answer.status === 200)).toHaveLength(1)
  expect(writers.filter((answer) => answer.status === 409)).toHaveLength(5)
  await ann.settled(text.id, 4)
  await ann.remove(text.id)
  const database = new pg.Client({ connectionString: studio.databaseUrl })
  await database.connect()
  const sent = new Set<string>()
  for (const [service, schema] of Object.entries({
    blob: 'blob',
    'delta-engine': 'delta',
    dag: 'dag',
    'provider-registry': 'registry',
  })) {
    const { rows } = await database.query<{ type: EventType }>(
      `select distinct event->>'type' as type from ${schema}.outbox`,
    )
    for (const { type } of rows) {
      expect([type, flow[type]?.producer]).toEqual([type, service])
      sent.add(type)
    }
  }
  await database.end()
  // A delta fails only where two commits meet, and a provider is updated only when somebody does it: other tests make these.
  const unusual = ['studio.delta.failed', 'studio.provider.updated']
  expect([...sent, ...unusual].filter((type, index, all) => all.indexOf(type) === index).sort()).toEqual(
    Object.keys(flow).sort(),
  )

  const connection = await connect({ servers: studio.natsUrl })
  const manager = await jetstreamManager(connection)
  const consumers: Record<string, string[]> = {}
  for await (const consumer of manager.consumers.list('STUDIO'))
    consumers[consumer.config.durable_name ?? ''] = [
      ...(consumer.config.filter_subjects ?? [consumer.config.filter_subject ?? '']),
    ].sort()
  await connection.close()
  const listeners = [...new Set(Object.values(flow).flatMap((one) => one.consumers))]
  expect(consumers).toEqual(Object.fromEntries(listeners.map((name) => [name, subjectsFor(name).sort()])))
})

async function waitGone(ann: ReturnType<typeof user>, id: string): Promise<void> {
  await waitForValue(
    'the derived blob to be deleted',
    () => ann.api.get(`/api/v1/studio/blobs/${id}`),
    (answer) => answer.status === 410,
  )
}
