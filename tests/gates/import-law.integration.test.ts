import { gateOn, plant, root, runGate } from './planted.ts'

const law = ['tools/import-law.ts', '.']
const fine = 'export const fine = 1\n'

test('lets a lawful tree pass', async () => {
  const outcome = await gateOn(law, {
    'libs/a/src/index.ts': fine,
    'services/b/src/domain/rule.ts':
      "import { fine } from '../../../../libs/a/src/index.ts'\nexport const rule = fine\n",
  })
  expect(outcome).toEqual({ code: 0, output: expect.stringContaining('2 modules scanned, 0 violations') })
})

const violations: [rule: string, files: Record<string, string>][] = [
  ['libs-stand-below', { 'libs/a/src/x.ts': "import '../../../services/b/src/x.ts'\n", 'services/b/src/x.ts': fine }],
  ['services-are-islands', { 'services/a/src/x.ts': "import '../../b/src/x.ts'\n", 'services/b/src/x.ts': fine }],
  [
    'services-are-islands',
    {
      'services/a/src/x.ts': "import type { T } from '../../b/src/x.ts'\nexport type U = T\n",
      'services/b/src/x.ts': 'export type T = 1\n',
    },
  ],
  ['workflows-are-islands', { 'workflows/a/src/x.ts': "import '../../b/src/x.ts'\n", 'workflows/b/src/x.ts': fine }],
  [
    'worker-hosts-workflows-only',
    { 'workflows/worker/src/x.ts': "import '../../../services/b/src/x.ts'\n", 'services/b/src/x.ts': fine },
  ],
  ['apps-use-the-public-api', { 'apps/a/src/x.ts': "import '../../../libs/b/src/x.ts'\n", 'libs/b/src/x.ts': fine }],
  ['verify-shares-nothing', { 'verify/src/x.ts': "import '../../libs/b/src/x.ts'\n", 'libs/b/src/x.ts': fine }],
  [
    'only-store-sees-the-database',
    { 'services/a/src/routes/x.ts': "import '../generated/client.ts'\n", 'services/a/src/generated/client.ts': fine },
  ],
  [
    'domain-looks-inward',
    { 'services/a/src/domain/x.ts': "import '../store/x.ts'\n", 'services/a/src/store/x.ts': fine },
  ],
  [
    'tests-stay-outside',
    { 'services/a/src/x.ts': "import '../../../libs/testing/src/x.ts'\n", 'libs/testing/src/x.ts': fine },
  ],
  ['nothing-unresolvable', { 'libs/a/src/x.ts': "import './missing.ts'\n" }],
  [
    'domain-is-pure',
    {
      'services/a/src/domain/x.ts': "import { read } from '../helper.ts'\nexport const x = read\n",
      'services/a/src/helper.ts': "import { readFileSync } from 'node:fs'\nexport const read = readFileSync\n",
    },
  ],
  [
    'workflow-code-is-deterministic',
    {
      'workflows/a/src/workflow.ts': "import { read } from './helper.ts'\nexport const x = read\n",
      'workflows/a/src/helper.ts': "import { randomUUID } from 'node:crypto'\nexport const read = randomUUID\n",
    },
  ],
  [
    'workflow-code-is-deterministic',
    {
      'workflows/a/src/workflow.ts':
        "import { send } from '../../../libs/clients/src/index.ts'\nexport const x = send\n",
      'libs/clients/src/index.ts': 'export const send = 1\n',
    },
  ],
  [
    'no-circles',
    {
      'libs/a/src/x.ts': "import { y } from './y.ts'\nexport const x = y\n",
      'libs/a/src/y.ts': "import { x } from './x.ts'\nexport const y = x\n",
    },
  ],
]

test.each(violations)('catches a breach of %s', async (rule, files) => {
  const outcome = await gateOn(law, files)
  expect(outcome.output).toContain(`${rule}: `)
  expect(outcome.code).toBe(1)
})

test('catches the database driver outside of store/', async () => {
  // The driver is a package of the services: planted where Node would find it.
  const outcome = await gateOn(law, {
    'services/a/src/routes/x.ts': "import pg from 'pg'\nexport const x = pg\n",
    'services/a/src/store/x.ts': "import pg from 'pg'\nexport const x = pg\n",
    'services/a/node_modules/pg/package.json': '{ "name": "pg", "main": "index.js" }',
    'services/a/node_modules/pg/index.js': 'module.exports = 1\n',
  })
  expect(outcome.output).toContain('only-store-sees-the-database: services/a/src/routes/x.ts')
  expect(outcome.output).not.toContain('services/a/src/store/x.ts')
  expect(outcome.code).toBe(1)
})

test('a type import into workflow code is no breach', async () => {
  const outcome = await gateOn(law, {
    'workflows/a/src/workflow.ts': "import type { Send } from './helper.ts'\nexport type X = Send\n",
    'workflows/a/src/helper.ts': "import 'node:fs'\nexport type Send = 1\n",
  })
  expect(outcome.code).toBe(0)
})

test('fails where nothing was scanned', async () => {
  const outcome = await gateOn(law, {})
  expect(outcome).toEqual({ code: 1, output: expect.stringContaining('no module was scanned') })
})

test('looks at the whole repository when it runs there', async () => {
  const { folder, remove } = await plant({})
  const outcome = await runGate(['tools/import-law.ts', root], folder).finally(remove)
  expect(Number(/(\d+) modules scanned/.exec(outcome.output)?.[1])).toBeGreaterThan(40)
})
