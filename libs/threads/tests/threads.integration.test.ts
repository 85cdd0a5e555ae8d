import { metricsText } from '@studio/telemetry'
import { createThreads } from '@studio/threads'
import * as work from './work.ts'

const threads = createThreads(new URL('./work.ts', import.meta.url), work)
afterAll(() => threads.close())

const light = { weight: 100 }
const heavy = { weight: 1_000_000 }

test('light work is done here, heavy work in another thread', async () => {
  expect(await threads.run('whereAmI', [], light)).toBe(work.whereAmI())
  expect(await threads.run('whereAmI', [], heavy)).not.toBe(work.whereAmI())
  const metrics = await metricsText()
  expect(metrics).toContain('studio_tasks_total{task="whereAmI",place="here"} 1')
  expect(metrics).toContain('studio_tasks_total{task="whereAmI",place="thread"} 1')
})

test('bytes go there and come back; those handed over are gone here', async () => {
  const bytes = new Uint8Array([1, 2, 3])
  expect(await threads.run('doubled', [bytes], heavy)).toEqual({ bytes: new Uint8Array([1, 2, 3, 1, 2, 3]), size: 6 })
  expect(bytes).toHaveLength(3)
  await threads.run('doubled', [bytes], { ...heavy, transfer: [bytes.buffer] })
  expect(bytes).toHaveLength(0)
})

test.each([light, heavy])('what is thrown comes back with its code and place (%j)', async (options) => {
  await expect(threads.run('refuse', ['/a/0'], options)).rejects.toMatchObject({
    code: 'invalid_content',
    message: 'not like this',
    extensions: { errors: [{ pointer: '/a/0', detail: 'wrong' }] },
  })
  await expect(threads.run('fail', [], options)).rejects.toThrow('a defect')
})

test.each<[string, (work: (() => Promise<void>)[]) => Promise<unknown>]>([
  ['at once', (pieces) => Promise.all(pieces.map((piece) => piece()))],
  [
    'one after another',
    async (pieces) => {
      for (const piece of pieces) await piece()
    },
  ],
])('the event loop turns while many small pieces are done %s', async (_how, doAll) => {
  let turns = 0
  const count = setInterval(() => turns++, 0)
  await doAll(Array.from({ length: 20 }, () => () => threads.run('spin', [3], light)))
  clearInterval(count)
  expect(turns).toBeGreaterThan(2)
})

test('closing waits for what is under way', async () => {
  const own = createThreads(new URL('./work.ts', import.meta.url), work)
  const running = own.run('whereAmI', [], heavy)
  await own.close()
  expect(await running).toBeGreaterThan(0)
})
