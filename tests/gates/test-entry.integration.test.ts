import { execFile } from 'node:child_process'
import { plant } from './planted.ts'

/** `npm test -- unit` on a planted project, without its set-up. */
async function testEntry(files: Record<string, string>, args: string[] = ['unit']) {
  const { folder, remove } = await plant(files, [
    'tools/test.ts',
    'tools/test',
    'jest.config.mjs',
    'libs/testing/src/jest',
    'tests/e2e/global-setup.ts',
  ])
  const entry = `const { main } = await import('./tools/test.ts'); process.exitCode = await main(${JSON.stringify(args)})`
  try {
    return await new Promise<{ code: number; lines: string[] }>((done) => {
      execFile(process.execPath, ['--input-type=module', '-e', entry], { cwd: folder }, (error, stdout) => {
        done({ code: error ? Number(error.code) : 0, lines: stdout.trimEnd().split('\n') })
      })
    })
  } finally {
    await remove()
  }
}

const passing = "test('passes', () => expect(1).toBe(1))\n"

const only = ['unit', 'libs/a']

test('counts what passed', async () => {
  const { code, lines } = await testEntry({ 'libs/a/src/a.test.ts': passing }, only)
  expect(lines.at(-1)).toBe('1 passed, 0 failed')
  expect(code).toBe(0)
})

test('a failing test fails the run and is shown', async () => {
  const failing = "test('breaks', () => expect(1).toBe(2))\ntest.skip('left out', () => undefined)\n"
  const { code, lines } = await testEntry({ 'libs/a/src/a.test.ts': passing + failing }, only)
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 1 skipped')
  expect(lines.join('\n')).toContain('breaks')
  expect(code).toBe(1)
})

test('a test file that does not load fails the run', async () => {
  const { code, lines } = await testEntry({ 'libs/a/src/a.test.ts': "import './missing.ts'\n" }, only)
  expect(lines.at(-1)).toBe('0 passed, 1 failed')
  expect(code).toBe(1)
})

test('a run without any test fails', async () => {
  const { code, lines } = await testEntry({}, ['unit', 'libs/nowhere'])
  expect(lines.slice(-2)).toEqual(['no test ran', '0 passed, 0 failed'])
  expect(code).toBe(1)
})

test('a run that does not end is ended, and fails', async () => {
  const open = "import { createServer } from 'node:net'\ncreateServer().listen(0)\n"
  const { code, lines } = await testEntry({ 'libs/a/src/a.test.ts': open + passing }, only)
  expect(lines.at(-1)).toBe('1 passed, 1 failed')
  expect(lines.join('\n')).toContain('something they opened keeps it alive')
  expect(code).toBe(1)
})
