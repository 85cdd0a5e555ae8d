import type { Purge, VersionReference } from '@studio/contracts'
import type { Database } from '@studio/database'
import { newId } from '@studio/kernel'
import type { OpenPurge, Purges } from '../../domain/purge/ports.ts'
import { listFed, listKnown } from './listings.ts'

interface PurgeRow {
  id: string
  tenant_id: string
  blob_id: string
  requested_at: Date
  begun_at: Date | null
  done_at: Date | null
  blobs: number
  versions: number
}

const columns = `id, tenant_id, blob_id, requested_at, begun_at, done_at,
  (select count(*) from purged where purged.purge_id = purge.id and purged.version = 0) as blobs,
  (select count(*) from purged where purged.purge_id = purge.id and purged.version > 0) as versions`

export function createPurges(database: Database): Purges {
  return {
    request: async ({ tenant_id, blob_id, version }) => {
      await database.execute(
        'request-purge',
        'insert into purge (id, tenant_id, blob_id, version) values ($1, $2, $3, $4) on conflict (blob_id) do nothing',
        [newId(), tenant_id, blob_id, version],
      )
      const [row] = await database.query<PurgeRow>(
        'read-purge-of',
        `select ${columns} from purge where tenant_id = $1 and blob_id = $2`,
        [tenant_id, blob_id],
      )
      if (row === undefined) throw new TypeError('a purge that was noted is there')
      return purgeOf(row)
    },
    read: async (tenantId, purgeId) => {
      const [row] = await database.query<PurgeRow>(
        'read-purge',
        `select ${columns} from purge where tenant_id = $1 and id = $2`,
        [tenantId, purgeId],
      )
      return row ? purgeOf(row) : null
    },
    listOpen: (limit) =>
      database.query<OpenPurge>(
        'list-open-purges',
        'select id, tenant_id, blob_id, version, secret from purge where done_at is null order by requested_at limit $1',
        [limit],
      ),
    listEdited: async ({ blob_id }) => {
      const rows = await database.query<{ blob_id: string }>(
        'list-edited',
        'select blob_id from node where blob_id = any($1::uuid[]) and overlay is not null',
        [await listFed(database, [blob_id])],
      )
      return rows.map((row) => row.blob_id)
    },
    readScope: async ({ id }) => {
      const taken = await database.query<VersionReference>(
        'list-purged',
        'select blob_id, version from purged where purge_id = $1',
        [id],
      )
      const blobs = taken.filter(({ version }) => version === 0).map(({ blob_id }) => blob_id)
      const fed = await listFed(database, blobs)
      const known = Map.groupBy(await listKnown(database, fed), ({ blob_id }) => blob_id)
      const epochs = await database.query<{ blob_id: string; epoch: number }>(
        'list-epochs',
        'select blob_id, epoch from node where blob_id = any($1::uuid[])',
        [fed],
      )
      return {
        blobs,
        versions: taken.filter(({ version }) => version > 0),
        fed: epochs.map(({ blob_id, epoch }) => ({
          blob_id,
          epoch,
          known: (known.get(blob_id) ?? []).map(({ version }) => version),
        })),
      }
    },
    finish: async (purgeId) => {
      await database.execute(
        'finish-purge',
        'update purge set done_at = now(), secret = null where id = $1 and done_at is null',
        [purgeId],
      )
    },
  }
}

function purgeOf({ requested_at, begun_at, done_at, ...row }: PurgeRow): Purge {
  return {
    ...row,
    state: done_at ? 'done' : begun_at ? 'erasing' : 'waiting',
    requested_at: requested_at.toISOString(),
    done_at: done_at?.toISOString() ?? null,
  }
}
