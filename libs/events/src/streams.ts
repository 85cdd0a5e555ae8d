import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream'

/** All events of the studio. */
export const eventStream = 'STUDIO'
/** Events that a consumer could not take. */
export const deadStream = 'STUDIO_DEAD'

export const deadSubject = (durable: string): string => `dead.${durable}`
const deliveriesAdvisory = `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${eventStream}.*`

const day = 24 * 60 * 60 * 1_000_000_000

// At its limit the event stream refuses new messages, which then wait in the outbox; dropping old ones would lose them silently.
const streams: (Partial<StreamConfig> & { name: string })[] = [
  {
    name: eventStream,
    subjects: ['studio.>'],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_age: day,
    max_bytes: 2 ** 30,
    duplicate_window: 120 * 1_000_000_000,
  },
  {
    name: deadStream,
    subjects: ['dead.>', deliveriesAdvisory],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: 30 * day,
    max_bytes: 128 * 2 ** 20,
  },
]

/** JSStreamNameExistErr: there is a stream of this name with other settings. */
const nameInUse = 10058

/** Makes the streams where they are missing (a new or an emptied NATS) and brings changed settings in. Repeatable, from any process. */
export async function ensureStreams(manager: JetStreamManager): Promise<void> {
  for (const stream of streams) {
    try {
      await manager.streams.add(stream)
    } catch (error) {
      if ((error as { code?: unknown }).code !== nameInUse) throw error
      await manager.streams.update(stream.name, stream)
    }
  }
}
