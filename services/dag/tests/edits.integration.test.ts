import { newId, sha256 } from '@studio/kernel'
import { noUsage, type BlobFact, type ClaimItem, type Provider, type SettleItem } from '@studio/contracts'
import type { Database } from '@studio/database'
import { applyBlobFacts } from '../src/domain/apply-blob-facts.ts'
import { claimWork } from '../src/domain/claim-work.ts'
import type { GraphStore, NodeRow, Providers } from '../src/domain/ports.ts'
import { settleWork } from '../src/domain/settle-work.ts'
import { readClaim } from '../src/store/claim-reader.ts'
import { aProvider, bell, nobodyWaits, openDag } from './fixture.ts'

/** A user edits what a provider has made. What dag hears of it, and of the provider's next output, it hears in any order. */

const known = [
  aProvider('maker', { trigger_events: ['blob.created'], trigger_created_by: ['user'] }),
  aProvider('below', { trigger_events: ['blob.created', 'blob.updated'], trigger_created_by: ['maker'] }),
]
const providers: Providers = {
  current: (_tenant, id) => Promise.resolve(known.find((one) => one.id === id) ?? null),
  match: (subjects) =>
    Promise.resolve(
      subjects.map(({ created_by, event, ancestry }) =>
        known.filter(
          ({ id, trigger_created_by, trigger_events }: Provider) =>
            trigger_created_by.includes(created_by) && trigger_events.includes(event) && !ancestry.includes(id),
        ),
      ),
    ),
}

let database: Database
let store: GraphStore
let close: () => Promise<void>
beforeAll(async () => {
  ;({ database, store, close } = await openDag())
}, 120_000)
afterAll(() => close())

const type = { content_type: 'text/plain' }

class World {
  readonly tenantId = newId()
  readonly source = newId()
  private version = 0

  async tellSource(text: string, operation: BlobFact['operation'] = 'update'): Promise<void> {
    this.version += 1
    await this.tell({ blob_id: this.source, version: this.version, content_hash: sha256(text), operation })
  }

  /** A user's version of the blob of `maker`. */
  async tellEdit(version: number, text: string, generated: string): Promise<void> {
    const { blob_id } = await this.node('maker')
    const overlay = { state: 'edited' as const, generated: { content_hash: sha256(generated), ...type } }
    await this.tell({
      blob_id,
      version,
      content_hash: sha256(text),
      operation: 'update',
      parent_id: this.source,
      overlay,
    })
  }

  private async tell(fact: Partial<BlobFact> & Pick<BlobFact, 'blob_id' | 'version' | 'content_hash' | 'operation'>) {
    await applyBlobFacts({ store, providers, bell, arrivals: nobodyWaits }, this.tenantId, [{
      user_id: this.tenantId, version_id: newId(), ...type, size: 1, delta_id: newId(), caused_by: null, created_by: 'user', parent_id: null,
      root_id: this.source, depth: 0, providers: 'auto', publication: 'immediate', traceparent: null, ...fact,
    }]) // prettier-ignore
  }

  async node(providerId: string): Promise<NodeRow> {
    const [node] = await database.query<NodeRow>(
      'edited-node',
      'select * from node where tenant_id = $1 and provider_id = $2',
      [this.tenantId, providerId],
    )
    if (!node) throw new Error(`no node of ${providerId}`)
    return node
  }

  /** The one thing to do, and how it is settled. */
  async claim(): Promise<{ item: ClaimItem; settle: (made: string, more: Partial<SettleItem>) => Promise<void> }> {
    const request = { tenant_id: this.tenantId, cascade_id: this.source, request_id: newId(), limit: 10 }
    const [group] = await claimWork({ store, providers, taskQueue: 'q' }, request)
    if (!group) throw new Error('nothing to claim')
    const [item] = await readClaim(database, group.claim_id, 30_000)
    if (!item) throw new Error('an empty claim')
    const { node_id, epoch, key } = item
    const inputs = item.inputs.filter((input) => 'version' in input)
    const settle = async (made: string, more: Partial<SettleItem>): Promise<void> => {
      const { lost } = await settleWork({ store, providers }, group.claim_id, [{
        node_id, epoch, inputs, key, outcome: 'version', version: null, content_hash: sha256(made), ...type, size: 1, attempts: 1, error: null,
        duration_ms: 1, usage: noUsage, ...more,
      }]) // prettier-ignore
      expect(lost).toEqual([])
    }
    return { item, settle }
  }

  /** Version 1 of both derived blobs. */
  static async made(): Promise<World> {
    const world = new World()
    await world.tellSource('a', 'create')
    await (await world.claim()).settle('output', { version: 1 })
    await (await world.claim()).settle('below', { version: 1 })
    return world
  }
}

const head = (text: string, overlay: 'edited' | 'conflicted' = 'edited') => ({
  content_hash: sha256(text), ...type, size: 1, overlay,
}) // prettier-ignore

test('an edit moves the head and makes dirty what is below; whoever runs the node keeps it', async () => {
  const world = await World.made()
  await world.tellSource('b')
  const { item, settle } = await world.claim()
  const running = await world.node('maker')
  await world.tellEdit(2, 'edit', 'output')
  const { state, epoch, claim_id, ...edited } = await world.node('maker')
  expect([state, epoch, claim_id]).toEqual(['running', running.epoch, running.claim_id])
  expect(edited).toMatchObject({
    version: 2,
    content_hash: sha256('edit'),
    output_hash: sha256('output'),
    overlay: 'edited',
  })
  expect(await world.node('below')).toMatchObject({ state: 'dirty', dirty_inputs: 1 })
  expect(item.head_hash).toBe(sha256('output'))
  await settle('newer', { version: 3, head: head('merged') })
  expect(await world.node('maker')).toMatchObject({
    state: 'settled', version: 3, content_hash: sha256('merged'), output_hash: sha256('newer'),
  }) // prettier-ignore
  const below = await world.claim()
  expect(below.item.inputs).toMatchObject([{ version: 3, content_hash: sha256('merged') }])
})

test('what the provider made, and not what the blob holds, is cut off, recorded and fresh', async () => {
  const world = await World.made()
  await world.tellEdit(2, 'edit', 'output')
  await (await world.claim()).settle('below the edit', { version: 2 })
  await world.tellSource('b')
  const { item, settle } = await world.claim()
  expect([item.head_hash, item.head_version]).toEqual([sha256('output'), 2])
  await settle('output', { outcome: 'cutoff', version: 2 })
  expect(await world.node('maker')).toMatchObject({
    version: 2,
    content_hash: sha256('edit'),
    output_hash: sha256('output'),
  })
  const memos = await database.query(
    'memos-of-edits',
    'select content_hash from memo where tenant_id = $1 and key = $2',
    [world.tenantId, item.key],
  )
  expect(memos).toEqual([{ content_hash: sha256('output') }])
})

test('an edit that is heard of after the merge that followed it changes nothing', async () => {
  const world = await World.made()
  await world.tellSource('b')
  await (await world.claim()).settle('newer', { version: 3, head: head('merged') })
  await world.tellEdit(2, 'edit', 'output')
  expect(await world.node('maker')).toMatchObject({
    version: 3,
    content_hash: sha256('merged'),
    output_hash: sha256('newer'),
  })
})

test('a version that settles after the edit that followed it does not move the head back', async () => {
  const world = new World()
  await world.tellSource('a', 'create')
  const { settle } = await world.claim()
  await world.tellEdit(2, 'edit', 'output')
  await settle('output', { version: 1 })
  expect(await world.node('maker')).toMatchObject({
    state: 'settled', version: 2, content_hash: sha256('edit'), output_hash: sha256('output'), overlay: 'edited',
  }) // prettier-ignore
  const heads = await database.query(
    'heads-of-edits',
    'select version, run_id is not null as made from head where blob_id = $1 order by version',
    [(await world.node('maker')).blob_id],
  )
  expect(heads).toEqual([
    { version: 1, made: true },
    { version: 2, made: false },
  ])
  expect((await world.claim()).item.inputs).toMatchObject([{ version: 2, content_hash: sha256('edit') }])
})

test('a run that leaves an edit as it is may be the first that tells of it', async () => {
  const world = await World.made()
  await world.tellSource('b')
  await (await world.claim()).settle('newer', { outcome: 'cutoff', version: 2, head: head('edit', 'conflicted') })
  const told = { version: 2, content_hash: sha256('edit'), output_hash: sha256('newer'), overlay: 'conflicted' }
  expect(await world.node('maker')).toMatchObject(told)
  expect((await world.claim()).item.inputs).toMatchObject([{ version: 2, content_hash: sha256('edit') }])
  await world.tellEdit(2, 'edit', 'output')
  expect(await world.node('maker')).toMatchObject(told)
})

test('an edit of what is about to be deleted keeps nothing below alive', async () => {
  const world = await World.made()
  await world.tellSource('a', 'delete')
  await world.tellEdit(2, 'edit', 'output')
  expect(await world.node('maker')).toMatchObject({ version: 2, doomed: true })
  expect(await world.node('below')).toMatchObject({ doomed: true })
})

test('of an edit of what goes with its source nothing is derived, also where it is the first that tells that it was made', async () => {
  const world = new World()
  await world.tellSource('a', 'create')
  // It is written, and whoever wrote it dies before dag hears of it.
  await world.claim()
  await world.tellSource('a', 'delete')
  await world.tellEdit(2, 'edit', 'output')
  await expect(world.node('below')).rejects.toThrow('no node of below')
  await (await world.claim()).settle('', { outcome: 'deleted', version: 3, content_hash: null })
  expect(await world.node('maker')).toMatchObject({ state: 'deleted', doomed: false, version: 3 })
})
