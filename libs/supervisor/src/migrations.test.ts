import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrationNames, migrationsHash } from './migrations.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'studio-migrations-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function add(name: string, text: string): void {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'migration.sql'), text)
}

test('names migrations in their order and nothing else', () => {
  add('20260102_second', 'select 2')
  add('20260101_first', 'select 1')
  writeFileSync(join(folder, 'migration_lock.toml'), '')
  mkdirSync(join(folder, 'empty'))
  expect(migrationNames(folder)).toEqual(['20260101_first', '20260102_second'])
})

test('the hash changes with a text and with a new migration, and with nothing else', () => {
  add('20260101_first', 'select 1')
  const first = migrationsHash(folder)
  expect(migrationsHash(folder)).toBe(first)
  add('20260101_first', 'select 11')
  const changed = migrationsHash(folder)
  add('20260102_second', '')
  expect(new Set([first, changed, migrationsHash(folder)]).size).toBe(3)
})
