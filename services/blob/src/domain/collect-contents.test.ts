import { collectStagedContents } from './collect-contents.ts'

const now = new Date('2026-01-02T00:00:00Z')

describe('collectStagedContents', () => {
  it('goes on while batches are full, over what was staged a day ago', async () => {
    const asked: string[] = []
    const full = { seen: 100, collected: 60, bytes: 600 }
    const batches = [full, null, full, { seen: 1, collected: 1, bytes: 5 }]
    const total = await collectStagedContents(async (before) => {
      asked.push(before.toISOString())
      return batches.shift() ?? null
    }, now)
    expect(total).toEqual({ collected: 121, bytes: 1205 })
    expect(new Set(asked)).toEqual(new Set(['2026-01-01T00:00:00.000Z']))
    expect(batches).toEqual([])
  })

  it('leaves the rest to the next round when commits spoil its batches', async () => {
    let asked = 0
    const total = await collectStagedContents(async () => {
      asked++
      return null
    }, now)
    expect(total).toEqual({ collected: 0, bytes: 0 })
    expect(asked).toBe(10)
  })
})
