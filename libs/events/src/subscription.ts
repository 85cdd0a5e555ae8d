import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  JetStreamApiError,
  jetstreamManager,
  type ConsumerConfig,
  type ConsumerMessages,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import type { Logger } from '@studio/telemetry'
import type { Bus } from './bus.ts'
import { backoff, createPause } from './pause.ts'
import { ensureStreams, eventStream } from './streams.ts'

/** After this time without a word about a message the server gives it to somebody else. */
export const ackWaitMs = 10_000
export const maxDeliveries = 20
const maxPending = 1_000

const nanoseconds = 1_000_000
/** JetStream's code for a durable that is there with another configuration. */
const consumerExists = 10_148

export interface Subscription {
  close(): Promise<void>
}

interface SubscriptionOptions {
  bus: Bus
  log: Logger
  durable: string
  filterSubjects: readonly string[]
  receive: (message: JsMsg) => void
}

/** What ends a pull for good or may have: the durable is looked up, or made anew, before pulling again. */
const broken = new Set([
  'consumer_deleted',
  'consumer_not_found',
  'stream_not_found',
  'heartbeats_missed',
  'no_responders',
])

/** Makes the durable, or brings one that an older release made up to what is wanted now; its place in the stream stays. */
async function ensureDurable(
  manager: JetStreamManager,
  wanted: Partial<ConsumerConfig> & { durable_name: string },
): Promise<void> {
  try {
    await manager.consumers.add(eventStream, wanted)
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== consumerExists) throw error
    await manager.consumers.update(eventStream, wanted.durable_name, wanted)
  }
}

/** Pulls messages of a durable consumer, and makes stream and durable where they are missing, for as long as it is open. */
export function subscribe({ bus, log, durable, filterSubjects, receive }: SubscriptionOptions): Subscription {
  const pause = createPause()
  let closed = false
  let endSession: () => void = () => undefined
  const stopListening = bus.onConnected(() => endSession())

  const pull = async (connection: NatsConnection): Promise<ConsumerMessages> => {
    const manager = await jetstreamManager(connection)
    await ensureStreams(manager)
    await ensureDurable(manager, {
      durable_name: durable,
      filter_subjects: [...filterSubjects],
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ackWaitMs * nanoseconds,
      max_deliver: maxDeliveries,
      max_ack_pending: maxPending,
    })
    const consumer = await jetstream(connection).consumers.get(eventStream, durable)
    return consumer.consume({ max_messages: maxPending, idle_heartbeat: 5_000, callback: receive })
  }

  const session = async (): Promise<void> => {
    const connection = await bus.connection()
    const ended = Promise.withResolvers<void>()
    endSession = ended.resolve
    const messages = await bus.whileConnected(pull(connection))
    const watch = async (): Promise<void> => {
      for await (const { type } of messages.status()) if (broken.has(type)) return
    }
    log.debug({ durable }, 'pulling events')
    await Promise.race([ended.promise, watch(), messages.closed()])
    await messages.close()
  }

  const run = async (): Promise<void> => {
    const delays = backoff(100, 2_000)
    while (!closed) {
      try {
        await session()
        delays.reset()
      } catch (error) {
        if (closed) return
        log.warn({ durable, error: String(error) }, 'the consumer could not be opened: trying on')
      }
      if (!closed) await pause.wait(delays.next())
    }
  }
  const running = run()

  return {
    close: async () => {
      closed = true
      stopListening()
      endSession()
      pause.end()
      // Without a connection the session would wait for one.
      if (bus.connected()) await running
    },
  }
}
