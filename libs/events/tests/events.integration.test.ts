import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { createDatabase, type Database } from '@studio/database'
import { everyTenant, subjectOf, type StudioEvent } from '@studio/contracts'
import { newId, StudioError } from '@studio/kernel'
import { createLogger } from '@studio/telemetry'
import {
  listDeadLetters,
  openBus,
  outboxMigration,
  replayDeadLetters,
  startConsumer,
  startRelay,
  type Bus,
  type EventConsumer,
  type Relay,
} from '../src/index.ts'
import { startEngines, type Engines } from './engines.ts'

const log = createLogger({ service: 'events-test', level: process.env['LOG_LEVEL'] ?? 'silent' })
let engines: Engines
let database: Database
let bus: Bus
let relay: Relay
let consumers: EventConsumer[]

beforeAll(async () => {
  engines = await startEngines()
}, 60_000)
afterAll(() => engines.stop(), 30_000)

beforeEach(async () => {
  const schema = `s${newId().replaceAll('-', '')}`
  database = createDatabase({ url: engines.databaseUrl, schema, log })
  await database.pool.query(`create schema ${schema}; ${outboxMigration}`)
  bus = openBus({ url: engines.natsUrl, name: 'test', log })
  relay = startRelay({ database, bus, log })
  consumers = []
})
afterEach(async () => {
  for (const consumer of consumers) await consumer.close()
  await relay.close()
  await bus.close()
  await database.close()
})

const type = 'studio.provider.registered' as const

function eventOf(providerId: string): StudioEvent {
  const data = { facts: [{ provider_id: providerId, version: '1', status: 'active' as const }] }
  return {
    specversion: '1.0',
    id: newId(),
    source: 'test',
    type,
    subject: everyTenant,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data,
  }
}

const nameOf = (event: StudioEvent): string => (event.data.facts[0] as { provider_id: string }).provider_id

/** Writes events to the outbox under a subject of this test alone, as a service's commit does. */
async function write(tenant: string, events: readonly object[]): Promise<void> {
  await database.execute(
    'write',
    `insert into outbox (id, subject, event) select id, $2, event from unnest($1::uuid[], $3::json[]) as t (id, event)`,
    [events.map(() => newId()), subjectOf(type, tenant), events.map((event) => JSON.stringify(event))],
  )
  relay.poke()
}

function consume(tenant: string, handle: (events: readonly StudioEvent[]) => Promise<void>): EventConsumer {
  const consumer = startConsumer({
    bus,
    log,
    durable: `test-${tenant}`,
    filterSubjects: [subjectOf(type, tenant)],
    handle,
  })
  consumers.push(consumer)
  return consumer
}

/** Collects names of events; `seen(n)` resolves when n different ones were taken. */
function collector() {
  const names = new Set<string>()
  let check = (): void => undefined
  return {
    names,
    handle: async (events: readonly StudioEvent[]) => {
      for (const event of events) names.add(nameOf(event))
      check()
    },
    seen: (count: number) =>
      new Promise<void>((resolve) => {
        check = () => void (names.size >= count && resolve())
        check()
      }),
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}
const unsent = async () =>
  (await database.query<{ count: number }>('unsent', 'select count(*) as count from outbox where sent_at is null'))[0]
    ?.count

test('what a commit left in the outbox is handed to the consumer, all of it, and marked', async () => {
  const tenant = newId()
  const { handle, names, seen } = collector()
  consume(tenant, handle)
  await write(
    tenant,
    Array.from({ length: 1200 }, (_, index) => eventOf(`p${index}`)),
  )
  await seen(1200)
  expect(names.size).toBe(1200)
  await until(async () => (await unsent()) === 0)
})

test('NATS away: writes go on, and are sent when it is back', async () => {
  const tenant = newId()
  const { handle, seen } = collector()
  consume(tenant, handle)
  await write(tenant, [eventOf('before')])
  await seen(1)
  await engines.stopNats()
  await write(tenant, [eventOf('while away')])
  expect(await bus.ping()).toBe('degraded')
  await engines.startNats()
  await seen(2)
  expect(await bus.ping()).toBeUndefined()
}, 30_000)

test('an emptied NATS gets all kept events again, and the consumer its durable', async () => {
  const tenant = newId()
  const { handle, names, seen } = collector()
  consume(tenant, handle)
  await write(tenant, [eventOf('one'), eventOf('two')])
  await seen(2)
  await until(async () => (await unsent()) === 0)
  names.clear()
  await engines.emptyNats()
  await seen(2)
  await write(tenant, [eventOf('three')])
  await seen(3)
}, 30_000)

test('a stream that was made anew while nobody looked is filled again', async () => {
  const tenant = newId()
  const { handle, names, seen } = collector()
  await write(tenant, [eventOf('kept')])
  await until(async () => (await unsent()) === 0)
  await relay.close()
  const manager = await jetstreamManager(await bus.connection())
  await manager.streams.delete('STUDIO')
  relay = startRelay({ database, bus, log })
  consume(tenant, handle)
  await seen(1)
  expect([...names]).toEqual(['kept'])
}, 30_000)

test('a message of another at our last sequence tells that the stream was cut', async () => {
  const tenant = newId()
  const { handle, seen } = collector()
  await write(tenant, [eventOf('cut off')])
  await until(async () => (await unsent()) === 0)
  await relay.close()
  // As after a power cut: our message is gone, and another's stands at its sequence (as if others had published first).
  await database.execute('forget', `update outbox set id = gen_random_uuid()`)
  relay = startRelay({ database, bus, log })
  consume(tenant, handle)
  await seen(1)
  const manager = await jetstreamManager(await bus.connection())
  await until(async () => {
    const { state } = await manager.streams.info('STUDIO', { subjects_filter: subjectOf(type, tenant) })
    return state.subjects?.[subjectOf(type, tenant)] === 2
  })
}, 30_000)

test('a poison event is found alone; the others of its batch are taken', async () => {
  const tenant = newId()
  const { handle, names, seen } = collector()
  const poisonSeen = Promise.withResolvers<void>()
  await write(
    tenant,
    Array.from({ length: 64 }, (_, index) => eventOf(index === 37 ? 'poison' : `p${index}`)),
  )
  consume(tenant, async (events) => {
    if (events.some((event) => nameOf(event) === 'poison')) {
      if (events.length === 1) poisonSeen.resolve()
      throw new Error('cannot take it')
    }
    await handle(events)
  })
  await seen(63)
  await poisonSeen.promise
  expect(names.has('poison')).toBe(false)
}, 30_000)

test('what NATS refuses as too large is set aside and noted; it holds nobody up', async () => {
  const tenant = newId()
  const { handle, seen } = collector()
  consume(tenant, handle)
  const tooLarge = 'x'.repeat(1.1 * 2 ** 20)
  await write(tenant, [eventOf(tooLarge), eventOf('fine'), eventOf(tooLarge)])
  await seen(1)
  await until(async () => (await unsent()) === 0)
  const kept = await database.query<{ id: string }>('kept', `select id from outbox where sent_at = 'infinity'`)
  const letters = (await listDeadLetters(bus, { limit: 1000 })).filter(
    (letter) => letter.subject === subjectOf(type, tenant),
  )
  expect(letters.map(({ durable, reason, body }) => [durable, reason, body]).toSorted()).toEqual(
    kept.map(({ id }) => ['relay', `too_large: outbox row ${id}`, undefined]).toSorted(),
  )
  expect(kept.length).toBe(2)
  // The event itself is not among the dead letters, so there is nothing to send again.
  expect(await replayDeadLetters(bus, { sequences: letters.map(({ sequence }) => sequence) })).toBe(0)
  await write(tenant, [eventOf('after')])
  await seen(2)
}, 30_000)

test('a batch that takes too long is made smaller until it is taken', async () => {
  const tenant = newId()
  const { handle, seen, names } = collector()
  const sizes: number[] = []
  await write(
    tenant,
    Array.from({ length: 64 }, (_, index) => eventOf(`p${index}`)),
  )
  await until(async () => (await unsent()) === 0)
  consume(tenant, async (events) => {
    sizes.push(events.length)
    if (events.length > 16) throw new StudioError('timeout')
    await handle(events)
  })
  await seen(64)
  expect(names.size).toBe(64)
  expect(Math.max(...sizes)).toBeGreaterThan(16)
}, 30_000)

test('a single event that takes too long is waited for, without spending deliveries', async () => {
  const tenant = newId()
  const { handle, seen } = collector()
  let attempts = 0
  consume(tenant, async (events) => {
    if (++attempts < 3) throw new StudioError('timeout')
    await handle(events)
  })
  await write(tenant, [eventOf('slow')])
  await seen(1)
  expect(attempts).toBe(3)
}, 30_000)

test('a dependency that is away is waited for, without spending deliveries', async () => {
  const tenant = newId()
  const { handle, seen } = collector()
  let attempts = 0
  consume(tenant, async (events) => {
    if (++attempts < 3) throw new StudioError('dependency_unavailable')
    await handle(events)
  })
  await write(tenant, [eventOf('patient')])
  await seen(1)
  expect(attempts).toBe(3)
}, 30_000)

test('a malformed event goes to the dead letters at once, can be looked at and sent again', async () => {
  const tenant = newId()
  const { handle, seen } = collector()
  consume(tenant, handle)
  await write(tenant, [{ ...eventOf('x'), data: { facts: [{ provider_id: 7 }] } }, eventOf('fine')])
  await seen(1)
  const own = async () =>
    (await listDeadLetters(bus, { limit: 1000 })).filter((letter) => letter.subject === subjectOf(type, tenant))
  await until(async () => (await own()).length === 1)
  const [letter] = await own()
  expect(letter).toMatchObject({
    durable: `test-${tenant}`,
    deliveries: 1,
    reason: expect.stringContaining('/data/facts/0'),
  })
  expect(JSON.parse(letter!.body!)).toMatchObject({ type })
  expect(await replayDeadLetters(bus, { sequences: [letter!.sequence] })).toBe(1)
  // It is as malformed as before: it comes back under a new number.
  await until(async () => ((await own())[0]?.sequence ?? 0) > letter!.sequence)
}, 30_000)

test('an event over which its consumer died each time is found among the dead letters', async () => {
  const tenant = newId()
  const durable = `dying-${tenant}`
  await write(tenant, [eventOf('deadly')])
  await until(async () => (await unsent()) === 0)
  const connection = await bus.connection()
  const manager = await jetstreamManager(connection)
  await manager.consumers.add('STUDIO', {
    durable_name: durable,
    filter_subject: subjectOf(type, tenant),
    ack_policy: AckPolicy.Explicit,
    max_deliver: 1,
    ack_wait: 100_000_000,
  })
  const consumer = await jetstream(connection).consumers.get('STUDIO', durable)
  expect((await consumer.next({ expires: 1000 }))?.subject).toBe(subjectOf(type, tenant))
  const own = async () => (await listDeadLetters(bus, { limit: 1000 })).find((letter) => letter.durable === durable)
  await until(async () => {
    // The server notices at the next pull after the ack wait.
    await consumer.next({ expires: 1000 })
    return (await own()) !== undefined
  })
  const letter = await own()
  expect(letter).toMatchObject({ reason: 'max_deliveries', deliveries: 1, subject: subjectOf(type, tenant) })
  expect(JSON.parse(letter!.body!)).toMatchObject({ data: { facts: [{ provider_id: 'deadly' }] } })
}, 30_000)

test('a durable that an older release made with other subjects goes on where it was', async () => {
  const tenant = newId()
  const before = collector()
  const older = startConsumer({
    bus,
    log,
    durable: `test-${tenant}`,
    filterSubjects: [`studio.provider.*.${tenant}`],
    handle: before.handle,
  })
  await write(tenant, [eventOf('before')])
  await before.seen(1)
  await older.close()
  const after = collector()
  consume(tenant, after.handle)
  await write(tenant, [eventOf('after')])
  await after.seen(1)
  expect([...after.names]).toEqual(['after'])
})

test('NATS away at the start holds nobody up', async () => {
  await engines.stopNats()
  const early = openBus({ url: engines.natsUrl, name: 'early', log })
  const tenant = newId()
  const { handle, seen } = collector()
  const consumer = startConsumer({
    bus: early,
    log,
    durable: `test-${tenant}`,
    filterSubjects: [subjectOf(type, tenant)],
    handle,
  })
  expect(await early.ping()).toBe('degraded')
  await write(tenant, [eventOf('early')])
  await engines.startNats()
  await seen(1)
  await consumer.close()
  await early.close()
}, 30_000)
