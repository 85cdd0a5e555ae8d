import { closeSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLog, tailOf } from './log-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studio-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('gives the last lines that were written since an offset', () => {
  const file = join(folder, 'a.log')
  writeFileSync(file, 'old\n1\n\n2\n3\n')
  expect(tailOf(file, 2)).toEqual(['2', '3'])
  expect(tailOf(file, 10, 4)).toEqual(['1', '2', '3'])
  expect(tailOf(join(folder, 'none.log'), 5)).toEqual([])
})

test('moves a large log aside', () => {
  const file = join(folder, 'a.log')
  writeFileSync(file, '')
  truncateSync(file, 11 * 1024 * 1024)
  closeSync(openLog(file))
  expect(statSync(file).size).toBe(0)
  expect(statSync(`${file}.1`).size).toBe(11 * 1024 * 1024)
})
