import { randomUUID } from 'node:crypto'
import { startStudio, untilQuiet, waitFor, type Api, type TestStudio } from '@studio/testing'
import pg from 'pg'

const base = '/api/v1/studio'

/** A studio with something of everything in its history, and what the tests need to find it. */
export interface World {
  readonly studio: TestStudio
  readonly client: pg.Client
  readonly tenant: string
  /** A JSON document: five versions by patches, a revert and a merge. */
  readonly document: string
  /** A text with the default providers behind it. */
  readonly text: string
  readonly expanded: string
  /** What `compare` makes of two texts. */
  readonly comparison: string
  /** What a provider makes that cannot be run again. */
  readonly stamped: string
  /** Capitals that a user has edited, and that were made anew since: version 2 is theirs, version 3 is merged. */
  readonly edited: string
  /** Capitals that a user's edit is in conflict with, at their version 2. */
  readonly conflicted: string
  /** A text that was deleted and purged, and fed a report that lives on. */
  readonly purged: string
  /** Derived from a source that is published atomically. */
  readonly published: string
  /** What came back was given up before it was made again, and with it what it feeds. */
  readonly cancelled: string
  readonly unmade: string
  stop(): Promise<void>
}

interface Entity {
  readonly id: string
  readonly version: number
}

/** Makes the world through the public API, and waits until it is quiet. */
export async function createWorld(): Promise<World> {
  const studio = await startStudio({
    workers: { 'test-worker': 'tests/providers/main.ts' },
    partEnv: { blob: { STUDIO_PACK_MS: '200' } },
  })
  const client = new pg.Client({ connectionString: studio.databaseUrl })
  try {
    await client.connect()
    const name = randomUUID()
    const ids = await live(studio.as(name))
    await packed(client, ids.text)
    await untilQuiet(studio)
    return {
      studio,
      client,
      tenant: studio.tenantOf(name),
      ...ids,
      stop: async () => {
        await client.end()
        await studio.stop()
      },
    }
  } catch (error) {
    await studio.stop()
    throw error
  }
}

async function live(api: Api) {
  const send = async (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Entity> => {
    const { status, body: answer } = await api.request(method, `${base}${path}`, { body, headers })
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`)
    return answer?.data as Entity
  }
  const create = (text: string, more: object = {}) => send('POST', '/blobs', { text, providers: 'none', ...more })
  const edit = ({ id }: Entity, text: string) => send('PATCH', `/blobs/${id}`, { text })
  const patch = ({ id }: Entity, type: string, body: unknown, query = '') =>
    send('PATCH', `/blobs/${id}${query}`, JSON.stringify(body), { 'content-type': type })
  const derive = (provider_id: string, inputs: object, more: object = {}) =>
    send('POST', '/derivations', { provider_id, inputs, ...more })
  const revert = ({ id }: Entity, to_version: number) => send('POST', `/blobs/${id}/revert`, { to_version })
  const remove = ({ id }: Entity) => send('DELETE', `/blobs/${id}`, undefined)
  const overlaid = ({ id }: Entity, state: string, text?: string) =>
    waitFor(`${id} to be ${state}`, async () => {
      const { body } = await api.get(`${base}/blobs/${id}?include=content`)
      return body.data.overlay === state && (text === undefined || body.data.text === text)
    })
  const made = ({ id }: Entity, version: number, state = 'settled') =>
    waitFor(
      `version ${version} of ${id}`,
      async () => {
        const { body } = await api.get(`${base}/derivations/${id}`)
        return body.data.state === state && body.data.version === version
      },
      { timeoutMs: 60_000 },
    )

  const document = await create('{"title": "a", "tags": [1, 2]}', {
    content_type: 'application/json',
    conflict_policy: 'merge',
  })
  await patch(document, 'application/json-patch+json', [
    { op: 'add', path: '/__proto__', value: { constructor: [] } },
    { op: 'move', from: '/tags/0', path: '/tags/1' },
  ])
  await patch(document, 'application/merge-patch+json', { title: 'b', more: { note: 'x' } })
  await patch(document, 'application/json-patch+json', [{ op: 'add', path: '/tags/-', value: 9 }], '?from_version=2')
  await revert(document, 2)
  await send('PATCH', `/blobs/${document.id}`, { metadata: { colour: 'red' } })

  // What is random stays long when it is compressed, so that the packer has a reason to make a patch of it.
  const long = Array.from(
    { length: 24 },
    (_, at) => `Line ${at} of ${randomUUID()} says that the fox have a apple in there garden.`,
  ).join('\n')
  const text = await create(long, { providers: 'auto' })
  const children = await waitFor(
    'what the providers make of a text',
    async () => {
      const { body } = await api.get(`${base}/blobs/${text.id}/dag`)
      const { settled, nodes } = body.data as { settled: boolean; nodes: { blob_id: string; provider_id: string }[] }
      return settled && nodes.length === 4 && nodes
    },
    { timeoutMs: 60_000 },
  )
  await edit(text, long.replace('Line 10', 'Line ten 😀'))
  await edit(text, long.replace('Line 20', 'Line twenty'))

  const [one, other] = [await create('The cat sat.\n'), await create('The dog sat.\n')]
  const comparison = await derive('compare', { before: one.id, after: other.id })
  await made(comparison, 1)
  await edit(other, 'The owl sat.\n')
  await made(comparison, 2)
  // Nothing has made it yet when it goes.
  const early = await derive('slow', { input: one.id }, { configuration: { delay_ms: 60_000 } })
  await send('DELETE', `/derivations/${early.id}`, undefined)
  const report = await derive('report', { texts: [other.id, one.id] }, { configuration: { title: 'First' } })
  await made(report, 1)
  await send('PATCH', `/derivations/${report.id}`, {
    configuration: { title: 'Second' },
    inputs: { texts: [one.id, other.id, comparison.id] },
  })
  await made(report, 2)

  const stamped = await derive('stamp', { input: one.id })
  await made(stamped, 1)
  await edit(one, 'The cat stood.\n')
  await made(stamped, 2)
  await revert(one, 1)
  await made(stamped, 3)

  const written = await create('top\nmiddle\nbottom')
  const edited = await derive('faulty', { input: written.id })
  await made(edited, 1)
  await edit(edited, 'TOP, BY HAND\nMIDDLE\nBOTTOM')
  await edit(written, 'top\nmiddle\nthe very bottom')
  await made(edited, 3)
  await made(await derive('stamp', { input: edited.id }), 1)

  const shout = await create('one\ntwo\nthree')
  const conflicted = await derive('faulty', { input: shout.id })
  await made(conflicted, 1)
  await edit(conflicted, 'FIRST\nTWO\nTHREE')
  await edit(shout, 'eins\ntwo\nthree')
  await overlaid(conflicted, 'conflicted')
  const [ended, settled] = [
    await derive('faulty', { input: shout.id }, { label: 'ended' }),
    await derive('faulty', { input: shout.id }, { label: 'settled' }),
  ]
  for (const it of [ended, settled]) {
    await made(it, 1)
    await edit(it, 'FIRST\nTWO\nTHREE')
  }
  await edit(shout, 'zwei\ntwo\nthree')
  await Promise.all([ended, settled].map((it) => overlaid(it, 'conflicted')))
  await send('POST', `/blobs/${ended.id}/overlay`, { take: 'generated' })
  await edit(settled, 'FIRST!\nTWO\nTHREE')
  await send('POST', `/blobs/${settled.id}/overlay`, { take: 'edited' })
  await send('PATCH', `/blobs/${settled.id}`, { metadata: { by: 'hand' } })
  await edit(shout, 'zwei\ntwo\n3')
  await overlaid(settled, 'edited', 'FIRST!\nTWO\n3')
  const mortal = await create('a\nb\nc')
  const mourned = await derive('faulty', { input: mortal.id })
  await made(mourned, 1)
  await edit(mourned, 'A\nB, by hand\nC')
  await remove(mortal)
  await made(mourned, 3, 'deleted')
  await revert(mortal, 1)
  await made(mourned, 4)

  // What it was made from comes back with other words, and it does not: the first fails, the second is given up before it begins.
  const [refused, dropped] = [await create('permanent'), await create('one')]
  await Promise.all([edit(refused, 'fine'), edit(dropped, 'two')])
  const [failed, cancelled] = [
    await derive('faulty', { input: refused.id }),
    await derive('stamp', { input: dropped.id }),
  ]
  const [blocked, unmade] = [
    await derive('stamp', { input: failed.id }),
    await derive('stamp', { input: cancelled.id }),
  ]
  await Promise.all([blocked, unmade].map((it) => made(it, 1)))
  await Promise.all([refused, dropped].map(remove))
  await Promise.all([blocked, unmade].map((it) => made(it, 2, 'deleted')))
  await revert(refused, 1)
  await made(blocked, 2, 'blocked')
  await send('PUT', '/budget', { per_cascade: { runs: 0 } })
  await revert(dropped, 1)
  await made(cancelled, 2, 'dirty')
  const { body: explained } = await api.get(`${base}/blobs/${cancelled.id}/explain`)
  await send('POST', `/cascades/${explained.data.last_change.cascade_id}/cancel`, undefined)
  await made(unmade, 2, 'cancelled')
  await send('PUT', '/budget', { per_cascade: { runs: null } })

  const together = await create('seen together', { publication: 'atomic' })
  const published = await derive('stamp', { input: together.id })
  await made(published, 1)
  await edit(together, 'seen together later')
  await made(published, 2)

  const [gone, back] = [await create('to be deleted'), await create('to come back')]
  for (const source of [gone, back]) await made(await derive('stamp', { input: source.id }), 1)
  await Promise.all([remove(gone), remove(back)])
  await revert(back, 1)
  const purged = await create('to be purged', { metadata: { colour: 'blue' } })
  const summary = await derive('report', { texts: [purged.id, one.id] })
  await made(summary, 1)
  await remove(purged)
  await made(summary, 2)
  const { id: purge } = await send('POST', `/blobs/${purged.id}/purge`, undefined)
  await waitFor('the purge', async () => (await api.get(`${base}/purges/${purge}`)).body.data.state === 'done')

  const failing = await derive('faulty', { input: (await create('permanent')).id })
  await derive('stamp', { input: failing.id })
  const expanded = children.find(({ provider_id }) => provider_id === 'text-expander')?.blob_id ?? ''
  return {
    document: document.id,
    text: text.id,
    expanded,
    comparison: comparison.id,
    stamped: stamped.id,
    edited: edited.id,
    conflicted: conflicted.id,
    purged: purged.id,
    published: published.id,
    cancelled: cancelled.id,
    unmade: unmade.id,
  }
}

/** The packer has made a patch of what an edit of this text superseded. */
async function packed(client: pg.Client, text: string): Promise<void> {
  await waitFor(
    'a packed version',
    async () => {
      const { rowCount } = await client.query(
        'select from blob.content join blob.version on content_hash = hash where blob_id = $1 and encoding = 2',
        [text],
      )
      return rowCount !== 0
    },
    { timeoutMs: 60_000 },
  )
}
