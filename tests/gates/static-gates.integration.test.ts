import { gateOn } from './planted.ts'

const clean = "/** A greeting. */\nexport const greeting = 'hello'\n"

describe('types', () => {
  const types = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']

  test('lets sound code pass', async () => {
    expect(await gateOn(types, { 'libs/a/src/index.ts': clean })).toMatchObject({ code: 0 })
  })

  test.each([
    ['a wrong type', 'export const x: number = "text"\n', 'TS2322'],
    ['an element that may be missing', 'export const x = (list: string[]): string => list[0]\n', 'TS2322'],
    ['syntax that can not be erased', 'export enum X { A }\n', 'TS1294'],
  ])('catches %s', async (_, content, code) => {
    const outcome = await gateOn(types, { 'libs/a/src/index.ts': content })
    expect(outcome.output).toContain(code)
    expect(outcome.code).not.toBe(0)
  })
})

describe('lint', () => {
  const lint = ['node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.']

  test('lets sound code pass', async () => {
    expect(await gateOn(lint, { 'libs/a/src/index.ts': clean })).toEqual({ code: 0, output: '' })
  })

  test.each([
    ['a promise nobody waits for', 'no-floating-promises', 'export const x = () => { Promise.resolve() }\n'],
    ['any', 'no-explicit-any', 'export const x = (y: any) => String(y)\n'],
    ['a variable that is not used', 'no-unused-vars', 'const x = 1\nexport {}\n'],
    ['the environment outside of config.ts', 'no-restricted-properties', 'export const x = process.env\n'],
    ['a file above 500 lines', 'max-lines', 'export const x = 1\n'.padEnd(520, '\n')],
  ])('catches %s', async (_, rule, content) => {
    const outcome = await gateOn(lint, { 'services/a/src/index.ts': content })
    expect(outcome.output).toContain(rule)
    expect(outcome.code).toBe(1)
  })
})

describe('format', () => {
  const format = ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']

  test('lets sound code pass', async () => {
    const outcome = await gateOn(format, { 'libs/a/src/index.ts': clean })
    expect(outcome).toEqual({ code: 0, output: '' })
  })

  test('catches code that is laid out otherwise', async () => {
    const outcome = await gateOn(format, { 'libs/a/src/index.ts': 'export const x = "text";\n' })
    expect(outcome.output).toContain('libs/a/src/index.ts')
    expect(outcome.code).toBe(1)
  })
})

describe('knip', () => {
  const knip = (files: Record<string, string>) => gateOn(['node_modules/knip/bin/knip.js'], files, ['knip.json'])
  const manifest = '{ "name": "@studio/a", "type": "module", "exports": { ".": { "source": "./src/index.ts" } } }'

  test('lets sound code pass', async () => {
    const outcome = await knip({ 'libs/a/package.json': manifest, 'libs/a/src/index.ts': clean })
    expect(outcome).toMatchObject({ code: 0 })
  })

  test('catches a file that nobody imports', async () => {
    const files = { 'libs/a/package.json': manifest, 'libs/a/src/index.ts': clean, 'libs/a/src/left.ts': clean }
    const outcome = await knip(files)
    expect(outcome.output).toContain('libs/a/src/left.ts')
    expect(outcome.code).toBe(1)
  })

  test('catches an export that nobody uses', async () => {
    const outcome = await knip({
      'libs/a/package.json': manifest,
      'libs/a/src/index.ts': "import { used } from './inner.ts'\nexport const x = used\n",
      'libs/a/src/inner.ts': 'export const used = 1\nexport const forgotten = 2\n',
    })
    expect(outcome.output).toContain('forgotten')
    expect(outcome.code).toBe(1)
  })

  test('catches a dependency that nobody needs', async () => {
    const needy = manifest.replace('}}', '}').replace(/}$/, ', "dependencies": { "leftover": "1.0.0" } }')
    const outcome = await knip({ 'libs/a/package.json': needy, 'libs/a/src/index.ts': clean })
    expect(outcome.output).toContain('leftover')
    expect(outcome.code).toBe(1)
  })
})
