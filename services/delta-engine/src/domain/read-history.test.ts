import type { Blob, SubmitDelta, Version } from '@studio/contracts'
import { newId, sha256 } from '@studio/kernel'
import type { Blobs, DeltaStore, RecordedChange } from './ports.ts'
import { readHistory } from './read-history.ts'

/** A text that was changed so many times, by authors of whom each saw the version that `sawOf` says. */
function aHistory(length: number, sawOf: (version: number) => number, patchBytes = 2) {
  const versions = Array.from({ length }, (_, index) => ({ version: index + 1, delta_id: newId() }) as Version)
  for (const version of versions)
    Object.assign(version, { content_type: 'text/plain', content_hash: sha256(String(version.version)), size: 1 })
  const changes = versions.map(({ version, delta_id }): RecordedChange => {
    const saw = sawOf(version)
    return { id: delta_id, format: 'text', patch: '[]'.padEnd(patchBytes), saw: saw === version - 1 ? null : saw }
  })
  const asked = { requests: 0, versions: 0 }
  const ports = {
    blobs: {
      versionsBetween: async (_blob: unknown, from: number, to: number) => {
        asked.requests += 1
        asked.versions += to - from + 1
        return versions.slice(from - 1, to)
      },
      contents: async (references: readonly unknown[]) => references.map(() => Buffer.from('x')),
    } as unknown as Blobs,
    store: {
      findChanges: async (ids: readonly string[], bytes: number) => {
        const found = changes.filter(({ id }) => ids.includes(id))
        return found.length * patchBytes > bytes ? null : found
      },
    } as unknown as DeltaStore,
  }
  const read = (from_version: number) =>
    readHistory(ports, { from_version } as SubmitDelta, newId(), { ...versions.at(-1) } as unknown as Blob)
  return { read, asked }
}

const toldFrom = async (history: ReturnType<typeof aHistory>, saw: number): Promise<number | undefined> => {
  const { history: told } = await history.read(saw)
  expect(told.map(({ version }) => version)).toEqual(told.map((_, index) => (told[0]?.version ?? 0) + index))
  return told[0]?.version
}

describe('the history of a change', () => {
  it('starts at the version that its author saw', async () => {
    expect(
      await toldFrom(
        aHistory(20, (version) => version - 1),
        15,
      ),
    ).toBe(16)
  })

  it('starts earlier where somebody since had seen less, and somebody of those before', async () => {
    const sawOf = (version: number): number => ({ 18: 12, 13: 9, 11: 10, 8: 2 })[version] ?? version - 1
    expect(await toldFrom(aHistory(20, sawOf), 17)).toBe(10)
  })

  it('is read in few steps where all changes overlap', async () => {
    const history = aHistory(400, (version) => Math.max(1, version - 2))
    expect(await toldFrom(history, 399)).toBe(2)
    expect(history.asked.requests).toBeLessThan(12)
    expect(history.asked.versions).toBe(400)
  })

  it('is refused where it is too long, but not for what is no part of it', async () => {
    const mebibyte = 2 ** 20
    const overlapping = (version: number): number => (version > 17 ? version - 2 : version - 1)
    expect(await toldFrom(aHistory(20, overlapping, mebibyte), 19)).toBe(17)
    await expect(aHistory(20, overlapping, mebibyte).read(14)).rejects.toMatchObject({ code: 'version_conflict' })
    await expect(aHistory(600, (version) => Math.max(1, version - 2)).read(599)).rejects.toMatchObject({
      code: 'version_conflict',
    })
  })
})
