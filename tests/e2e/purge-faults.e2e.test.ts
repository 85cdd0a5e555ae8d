import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startStudio, untilQuiet, type TestStudio } from '@studio/testing'
import { user } from './support.ts'
import { findTraces } from './traces.ts'

/** A purge that somebody has asked for comes to its end, whoever dies at it. */

const alone = { providers: 'none' }
let studio: TestStudio

beforeAll(async () => {
  studio = await startStudio({ workers: { 'test-worker': 'tests/providers/main.ts' } })
}, 180_000)
afterAll(() => studio?.stop())

test.each([
  ['dag', 'dag.purge.begun'],
  ['blob', 'blob.content.erased'],
  ['dag', 'dag.purge.erased'],
] as const)(
  'a purge goes on where %s died at %s',
  async (part, point) => {
    const ann = user(studio.as(randomUUID()))
    const needle = `needle${randomBytes(12).toString('hex')}`
    const [text, other] = [await ann.create(`${needle} 1`, alone), await ann.create('another', alone)]
    await ann.edit(text.id, `${needle} 2`)
    // What is derived before dag has heard of the edit is made of the version before it, and again.
    await ann.settled(text.id, 1)
    const joined = await ann.derive('join', { parts: [other.id, text.id] })
    const stamped = await ann.derive('stamp', { input: text.id })
    for (const { id } of [joined, stamped]) await ann.made(id, 1)
    await ann.remove(text.id)
    await ann.made(joined.id, 2)
    await untilQuiet(studio)
    const proof = join(studio.folder, `${point}-${randomUUID()}`)
    await studio.restart(part, { env: { STUDIO_FAILPOINTS: `${point}=${proof}` } })
    expect((await ann.purge(text.id)).status).toBe(202)
    await studio.died(part)
    expect(existsSync(proof)).toBe(true)
    await studio.start(part)
    expect(await ann.purged(text.id)).toMatchObject({ blobs: 2 })
    expect(await findTraces(studio, needle)).toEqual([])
    expect((await ann.verified(studio)).report).toMatchObject({ findings: [], divergences: 0 })
  },
  300_000,
)
