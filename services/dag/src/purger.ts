import type { Client } from '@studio/clients'
import type { blobApi, deltaApi } from '@studio/contracts'
import type { Logger } from '@studio/telemetry'
import { advancePurge, type PurgeDeps } from './domain/purge/advance-purge.ts'
import { purged } from './telemetry.ts'

/** Purges that one round looks at. */
const atOnce = 100
/** Erasing 500 blobs with their histories takes its time. */
const timeoutMs = 60_000

type Deps = Pick<PurgeDeps, 'store' | 'purges' | 'bell'> & {
  readonly blob: Client<typeof blobApi>
  readonly delta: Client<typeof deltaApi>
  readonly log: Logger
}

/** One round over the oldest purges that are not done; one of them that cannot go on keeps no other one from it. */
export async function advancePurges({ blob, delta, log, ...rest }: Deps): Promise<void> {
  const deps: PurgeDeps = {
    ...rest,
    blob: {
      fence: (request) => blob.call('fence', request, { timeoutMs }),
      endOverlays: (request) => blob.call('endOverlays', request, { timeoutMs }),
      listUnknown: (request) => blob.call('listUnknown', request, { timeoutMs }),
      eraseContents: (request) => blob.call('eraseContents', request, { timeoutMs }),
    },
    delta: { eraseDeltas: (request) => delta.call('eraseDeltas', request, { timeoutMs }) },
  }
  for (const purge of await rest.purges.listOpen(atOnce)) {
    try {
      if (await advancePurge(deps, purge)) purged(log, purge)
    } catch (error) {
      log.warn(
        { error, purge_id: purge.id, blob_id: purge.blob_id },
        'a purge could not go on; the next round tries again',
      )
    }
  }
}
