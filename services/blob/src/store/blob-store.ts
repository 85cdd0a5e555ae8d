import type { Database } from '@studio/database'
import { prismaAdapter } from '@studio/database'
import type { HistoryStore } from '../domain/pack-history.ts'
import type { EraseStore } from '../domain/erase-contents.ts'
import type { BlobStore } from '../domain/ports.ts'
import { PrismaClient } from '../generated/client.ts'
import { openCommitBatch } from './commit-batch.ts'
import { listBlobs, listVersions } from './lists.ts'
import { makePatch } from './make-patch.ts'
import { eraseContent } from './purge/erase-content.ts'
import { listUnknown } from './purge/list-unknown.ts'
import { countVersions, listAlong, listMarked, markPurged } from './purge/mark-purged.ts'
import { purgePlaces } from './purge/places.ts'
import { endOverlays, raiseFences, sealBlob } from './purge/seal.ts'
import { collectContents } from './sql/collect-contents.ts'
import { findBases } from './sql/find-bases.ts'
import { findSuperseded } from './sql/find-superseded.ts'
import { listPublished } from './sql/list-published.ts'
import { listTransforms } from './sql/list-transforms.ts'
import { packContent } from './sql/pack-content.ts'
import { moveOverlays } from './sql/move-overlays.ts'
import { movePackCursor } from './sql/pack-cursor.ts'
import { publish } from './sql/publish.ts'
import { readBlobs } from './sql/read-blobs.ts'
import { readContents, readWithin } from './sql/read-contents.ts'
import { readOverlays } from './sql/read-overlays.ts'
import { readPublished, readPublishedSet } from './sql/read-published.ts'
import { readTraffic } from './sql/read-traffic.ts'
import { readVersionAt } from './sql/read-version-at.ts'
import { readVersions } from './sql/read-versions.ts'
import { settleDeltas } from './sql/settle-deltas.ts'
import { stageContent } from './sql/stage-content.ts'

/** All that this service keeps, over one pool: hot paths as hand-written statements, lists through Prisma. */
export function createStore(database: Database) {
  const prisma = new PrismaClient({ adapter: prismaAdapter(database) })
  return {
    openBatch: (commits) => openCommitBatch(database, commits),
    readBlobs: (references) => readBlobs(database, references),
    readPublished: bind(readPublished),
    readPublishedSet: bind(readPublishedSet),
    listPublished: bind(listPublished),
    publish: bind(publish),
    readVersions: bind(readVersions),
    readVersionAt: bind(readVersionAt),
    readContents: bind(readContents),
    readContentsWithin: bind(readWithin),
    readOverlays: bind(readOverlays),
    moveOverlays: bind(moveOverlays),
    stageContent: bind(stageContent),
    collectContents: bind(collectContents),
    readTraffic: bind(readTraffic),
    movePackCursor: bind(movePackCursor),
    findSuperseded: bind(findSuperseded),
    findBases: bind(findBases),
    makePatch: bind(makePatch),
    packContent: bind(packContent),
    listTransforms: bind(listTransforms),
    settleDeltas: bind(settleDeltas),
    sealBlob: bind(sealBlob),
    endOverlays: bind(endOverlays),
    raiseFences: bind(raiseFences),
    listUnknown: bind(listUnknown),
    markPurged: bind(markPurged),
    listMarked: bind(listMarked),
    eraseContent: bind(eraseContent),
    purgePlaces: bind(purgePlaces),
    listAlong: bind(listAlong),
    countVersions: bind(countVersions),
    listBlobs: (request: Parameters<typeof listBlobs>[1]) => listBlobs(prisma, request),
    listVersions: (request: Parameters<typeof listVersions>[1]) => listVersions(prisma, request),
    close: () => prisma.$disconnect(),
  } satisfies BlobStore & EraseStore & HistoryStore & Record<string, unknown>

  function bind<Arguments extends unknown[], Result>(
    query: (database: Database, ...given: Arguments) => Promise<Result>,
  ) {
    return (...given: Arguments): Promise<Result> => query(database, ...given)
  }
}

export type Store = ReturnType<typeof createStore>
