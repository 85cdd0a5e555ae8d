import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { codes } from '../src/findings.ts'
import { verify, type VerifyReport } from '../src/verify.ts'
import { defects } from './defects/index.ts'
import { createWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await createWorld()
}, 240_000)
afterAll(() => world?.stop())

/** What verify says of the tables after a statement, which is then undone: the studio never sees it. */
async function verifyAfter(statement: string): Promise<VerifyReport> {
  const { client } = world
  await client.query('begin transaction isolation level repeatable read')
  try {
    // Damage asks no foreign key.
    await client.query('set local session_replication_role = replica')
    const { rowCount } = await client.query(statement)
    if (!rowCount) throw new Error('nothing was planted')
    return await verify(client)
  } finally {
    await client.query('rollback')
  }
}

test('a studio with edits, merges, derivations, failures and deletions is what its history gives', async () => {
  const { divergences, tenants } = await verifyAfter('select 1')
  expect(divergences).toEqual([])
  const [tenant] = tenants.filter(({ tenant_id }) => tenant_id === world.tenant)
  expect(tenant?.found_root).toBe(tenant?.expected_root)
  expect(tenant?.versions).toBeGreaterThan(30)
  // The first run of a report that had another title then, and that of one which read what has been purged.
  expect(tenant?.unverifiable_runs).toBe(2)
})

test.each(defects.map((defect) => [defect.name, defect] as const))(
  'it finds %s',
  async (_name, { codes: expected, at, plant }) => {
    const { divergences } = await verifyAfter(plant(world))
    const found = divergences.map(({ code }) => code)
    expect(found).toEqual(expect.arrayContaining([...expected]))
    const first = divergences.filter(({ code }) => code === expected[0])
    expect(first.map(({ blob_id }) => blob_id)).toContain(world[at])
  },
)

test('each code has a defect that it names', () => {
  expect(new Set(defects.flatMap(({ codes }) => codes))).toEqual(new Set(Object.keys(codes)))
})

test('the roots differ where a head does', async () => {
  const { tenants } = await verifyAfter(
    `update blob.blob set content_hash = (select content_hash from blob.blob where id = '${world.text}') where id = '${world.document}'`,
  )
  const [tenant] = tenants.filter(({ tenant_id }) => tenant_id === world.tenant)
  expect(tenant?.found_root).not.toBe(tenant?.expected_root)
})

test('the command prints a report, and ends with 1 where something diverges', async () => {
  const { client, document } = world
  expect(await runCommand()).toMatchObject({ code: 0, report: { divergences: [] } })
  const broken = `update delta.delta set from_version = from_version - $1 where blob_id = $2 and to_version = 4`
  await client.query(broken, [1, document])
  const { code, report } = await runCommand()
  await client.query(broken, [-1, document])
  expect([code, report.divergences]).toMatchObject([
    1,
    [{ code: 'delta_chain_broken', blob_id: document, version: 4, expected: '3', found: '2' }],
  ])
})

function runCommand(): Promise<{ code: number; report: VerifyReport }> {
  const command = join(import.meta.dirname, '../../tools/main.ts')
  const env = { ...process.env, NODE_OPTIONS: '', DATABASE_URL: world.studio.databaseUrl }
  return new Promise((done, fail) => {
    execFile(process.execPath, ['-C', 'source', command, 'verify', '--json'], { env }, (error, stdout, stderr) => {
      try {
        done({ code: typeof error?.code === 'number' ? error.code : 0, report: JSON.parse(stdout) as VerifyReport })
      } catch {
        fail(new Error(`no report: ${stdout}${stderr}`))
      }
    })
  })
}
