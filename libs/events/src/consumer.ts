import type { JsMsg } from '@nats-io/jetstream'
import type { StudioEvent } from '@studio/contracts'
import { failpoint, isStudioError } from '@studio/kernel'
import { counter, span, type Logger } from '@studio/telemetry'
import type { Bus } from './bus.ts'
import { bury } from './dead-letters.ts'
import { decode, tracesOf } from './decode.ts'
import { backoff, createPause } from './pause.ts'
import { ackWaitMs, maxDeliveries, subscribe } from './subscription.ts'

export interface ConsumerOptions {
  bus: Bus
  log: Logger
  /** Name of the durable consumer; all replicas of a service use the same one and share the work. */
  durable: string
  filterSubjects: readonly string[]
  /**
   * Takes 1 to 500 events, in any order, now and then for a second time. What it has done when it resolves must be durable. A thrown
   * `dependency_unavailable` is waited out, and so is the `timeout` of a single event; after any other error (a batch that takes too long is
   * tried in smaller ones) the batch is halved until the event that cannot be taken is alone: that one comes again with growing delays, and
   * after 20 deliveries goes to the dead letters.
   */
  handle: (events: readonly StudioEvent[]) => Promise<void>
}

export interface EventConsumer {
  /** Finishes the batch in hand and gives back what waits behind it. */
  close(): Promise<void>
}

interface Delivery {
  readonly message: JsMsg
  readonly event: StudioEvent
}

const batchSize = 500
const mostLinks = 32

/** Starts a durable consumer of the event stream. It outlives restarts of NATS, and makes its durable anew in an emptied one. */
export function startConsumer({ bus, log, durable, filterSubjects, handle }: ConsumerOptions): EventConsumer {
  const consumed = counter('studio_events_consumed_total', 'Events that a consumer took, by how that ended.', [
    'durable',
    'result',
  ])
  const waiting: JsMsg[] = []
  const inHand = new Set<JsMsg>()
  const arrival = createPause()
  const patience = createPause()
  let closed = false

  const subscription = subscribe({
    bus,
    log,
    durable,
    filterSubjects,
    receive: (message) => {
      waiting.push(message)
      arrival.end()
    },
  })

  // Work that takes longer than the ack wait must not be handed to another replica meanwhile.
  const heartbeat = setInterval(() => {
    for (const message of inHand) message.working()
    for (const message of waiting) message.working()
  }, ackWaitMs / 3)

  const settle = (deliveries: readonly { message: JsMsg }[], result: string, end: (message: JsMsg) => void): void => {
    for (const { message } of deliveries) {
      inHand.delete(message)
      end(message)
    }
    consumed.inc({ durable, result }, deliveries.length)
  }

  const toDeadLetters = async (message: JsMsg, reason: string): Promise<void> => {
    log.error({ durable, subject: message.subject, sequence: message.seq, reason }, 'an event went to the dead letters')
    try {
      await bury(await bus.connection(), durable, message, reason)
      settle([{ message }], 'dead', (dead) => dead.term(reason))
    } catch {
      settle([{ message }], 'again', (again) => again.nak(redeliveryDelay(message)))
    }
  }

  /** Resolves when the events are handled; false when the consumer was closed while it waited for a dependency. */
  const handleOnce = async (events: readonly StudioEvent[]): Promise<boolean> => {
    const delays = backoff(200, 5_000)
    const traces = tracesOf(events)
    while (!closed) {
      try {
        const links = traces.slice(1, mostLinks)
        await span(
          `consume ${durable}`,
          { kind: 'consumer', parent: traces[0], links, attributes: { events: events.length } },
          () => handle(events),
        )
        return true
      } catch (error) {
        if (!isWaitedOut(error, events.length)) throw error
        log.warn({ durable, error }, 'events wait for a dependency')
        await patience.wait(delays.next())
      }
    }
    return false
  }

  const take = async (deliveries: readonly Delivery[]): Promise<void> => {
    try {
      const done = await handleOnce(deliveries.map(({ event }) => event))
      if (done) failpoint('consumer.handled')
      settle(deliveries, done ? 'taken' : 'again', (message) => (done ? message.ack() : message.nak()))
    } catch (error) {
      const [first] = deliveries
      if (deliveries.length > 1) {
        const middle = Math.ceil(deliveries.length / 2)
        await take(deliveries.slice(0, middle))
        await take(deliveries.slice(middle))
      } else if (first) {
        const { message, event } = first
        const attempt = message.info.deliveryCount
        log.error({ durable, event_id: event.id, attempt, error }, 'an event could not be taken')
        if (attempt >= maxDeliveries) await toDeadLetters(message, reasonOf(error))
        else settle([first], 'again', () => message.nak(redeliveryDelay(message)))
      }
    }
  }

  const run = async (): Promise<void> => {
    while (!closed) {
      if (waiting.length === 0) {
        await arrival.wait(60_000)
        continue
      }
      const batch = waiting.splice(0, batchSize)
      for (const message of batch) inHand.add(message)
      const deliveries: Delivery[] = []
      for (const message of batch) {
        const decoded = decode(message.data)
        if ('event' in decoded) deliveries.push({ message, event: decoded.event })
        else await toDeadLetters(message, decoded.fault)
      }
      if (deliveries.length > 0) await take(deliveries)
    }
  }
  const running = run()

  return {
    close: async () => {
      closed = true
      await subscription.close()
      arrival.end()
      patience.end()
      await running
      clearInterval(heartbeat)
      for (const message of waiting) message.nak()
      if (bus.connected()) await (await bus.connection()).flush().catch(() => undefined)
    },
  }
}

// A batch that takes too long gets smaller; one event that does is waited for.
function isWaitedOut(error: unknown, events: number): boolean {
  return isStudioError(error, 'dependency_unavailable') || (events === 1 && isStudioError(error, 'timeout'))
}

/** 1 s, doubling with each delivery, at most a minute. */
function redeliveryDelay(message: JsMsg): number {
  return Math.min(1000 * 2 ** (message.info.deliveryCount - 1), 60_000)
}

// Codes and names only: the message of an unknown error may hold content.
function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code)
  return error instanceof Error ? error.name : 'unknown'
}
