import type { Defect } from './defect.ts'

export const events: readonly Defect[] = [
  {
    name: 'an event that never was',
    codes: ['event_missing'],
    at: 'document',
    plant: ({ document }) =>
      `delete from blob.outbox where event::text like '%${document}%' and subject like 'studio.blob.created.%'`,
  },
  {
    name: 'an event that was sent under two ids',
    codes: ['event_duplicate'],
    at: 'document',
    plant: ({ document }) => `insert into delta.outbox (id, subject, event, sent_at)
      select gen_random_uuid(), subject, event, now() from delta.outbox where event::text like '%${document}%' limit 1`,
  },
  {
    name: 'an event that waits',
    codes: ['outbox_unsent'],
    at: 'document',
    plant: ({ document }) => `update blob.outbox set sent_at = null where event::text like '%${document}%'`,
  },
  {
    name: 'an event that says something else',
    codes: ['event_wrong'],
    at: 'document',
    plant: ({ document }) =>
      `update blob.outbox set event = regexp_replace(event::text, '"operation" ?: ?"create"', '"operation":"update"')::json where event::text like '%${document}%'`,
  },
  {
    name: 'a cascade that never ends',
    codes: ['cascade_open'],
    at: 'text',
    plant: ({ text }) => `update dag.cascade set settled_at = null where root_id = '${text}'`,
  },
]
