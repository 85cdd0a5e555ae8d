import type { Defect } from './defect.ts'

/** What readers see, and what dag has said that they are to see. */
const seeOld = (blobs: string) => `with said as (update dag.published set version = 1 where blob_id in (${blobs}))
  update blob.published set version = 1 where blob_id in (${blobs})`

export const publications: readonly Defect[] = [
  {
    name: 'readers who see more than has settled',
    codes: ['published_wrong'],
    at: 'published',
    plant: ({ published }) => `update blob.published set version = 9 where blob_id = '${published}'`,
  },
  {
    name: 'a publication that readers never saw',
    codes: ['published_wrong'],
    at: 'published',
    plant: ({ published }) => `update blob.published set version = 1, revision = 1 where blob_id = '${published}'`,
  },
  {
    name: 'a mix of two states',
    codes: ['published_mixed', 'published_stale'],
    at: 'published',
    plant: ({ published }) => seeOld(`'${published}'`),
  },
  {
    name: 'an old state, though all has settled',
    codes: ['published_stale'],
    at: 'published',
    plant: ({ published }) =>
      seeOld(`'${published}', (select source_id from dag.edge where target_id = '${published}')`),
  },
  {
    name: 'a publication of which blob has not been told',
    codes: ['publication_unsent'],
    at: 'published',
    plant: ({ published }) => `update dag.published set told = false where blob_id = '${published}'`,
  },
]
