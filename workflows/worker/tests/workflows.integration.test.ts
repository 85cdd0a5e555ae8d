import type { ClaimGroup } from '@studio/contracts'
import { StudioError } from '@studio/kernel'
import { startEngines, waitFor, waitForValue, type TestEngines } from '@studio/testing'
import { newId } from '@studio/kernel'
import { WithStartWorkflowOperation } from '@temporalio/client'
import { group, root, script, taskQueue, tenant, type Script } from './scenarios.ts'
import { startWorkflowWorker, type WorkflowWorker } from './workflow-worker.ts'

let engines: TestEngines
let worker: WorkflowWorker

beforeAll(async () => {
  engines = await startEngines({ temporal: true })
  worker = await startWorkflowWorker(engines.temporalAddress)
})

afterAll(async () => {
  await worker?.stop()
  await engines?.stop()
})

const start = (type: string, argument: unknown, followed: Script) => {
  worker.follow(followed)
  return worker.client.workflow.start(type, { taskQueue, workflowId: `${type}/${newId()}`, args: [argument] })
}
const startCascade = (followed: Script) => start('cascade', { tenant_id: tenant, blob_id: root }, followed)
const statusOf = async (workflowId: string) =>
  (await worker.client.workflow.getHandle(workflowId).describe()).status.name

/** Fails so many times, then is done. */
const failing = (times: number, error: () => Error) => {
  let left = times
  return async () => {
    if (left-- > 0) throw error()
  }
}

describe('a cascade', () => {
  test('has each group done by a child, and ends when nothing is ready', async () => {
    const [expander, grammar, summary] = [group('text-expander'), group('grammar-checker'), group('summariser')]
    const followed = script([expander], { next: new Map([[expander, [grammar, summary]]]) })
    await (await startCascade(followed)).result()
    expect(followed.calls.filter((call) => call.startsWith('run')).sort()).toEqual([
      'run grammar-checker',
      'run summariser',
      'run text-expander',
    ])
    expect(followed.calls.at(-1)).toBe('end')
    const described = await worker.client.workflow.getHandle(grammar.workflow_id).describe()
    expect(described.status.name).toBe('COMPLETED')
    expect(described.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toEqual(
      expect.arrayContaining([
        ['studioTenant', tenant],
        ['studioRoot', [root]],
        ['studioProvider', 'grammar-checker'],
      ]),
    )
    expect(described.memo).toMatchObject({ provider: 'grammar-checker@1.0.0', outcome: { version: 1 } })
  })

  test('does not wait for a whole level: what one child frees runs beside its slow sibling', async () => {
    const [fast, slow, below] = [group('text-expander'), group('summariser'), group('grammar-checker')]
    const { promise: belowRan, resolve } = Promise.withResolvers<void>()
    const followed = script([fast, slow], {
      next: new Map([[fast, [below]]]),
      run: async ({ claim_id }) => {
        if (claim_id === slow.claim_id) await belowRan
        if (claim_id === below.claim_id) resolve()
      },
    })
    await (await startCascade(followed)).result()
    expect(followed.calls).toContain('run grammar-checker')
  })

  test('goes on when a child fails, and the child shows why', async () => {
    const [bad, good] = [group('text-expander'), group('summariser')]
    const followed = script([bad, good], {
      run: async ({ claim_id }) => {
        if (claim_id === bad.claim_id) throw new StudioError('provider_refused', 'not this one')
      },
    })
    await (await startCascade(followed)).result()
    expect(followed.calls).toContain('abandon provider_refused 1')
    expect(await statusOf(bad.workflow_id)).toBe('FAILED')
    expect(await statusOf(good.workflow_id)).toBe('COMPLETED')
  })

  test('claims again when it is rung', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const [long, late] = [group('text-expander'), group('summariser')]
    const followed = script([long], {
      run: async ({ claim_id }) => {
        if (claim_id === long.claim_id) await released
      },
    })
    const handle = await startCascade(followed)
    await waitFor('the long run to begin', async () => followed.calls.includes('run text-expander'))
    followed.ready.push(late)
    await handle.signal('ring')
    await waitFor('the late group to run', async () => followed.calls.includes('run summariser'))
    release()
    await handle.result()
  })

  test('does not wait for a provider without workers', async () => {
    const waiting = Array.from({ length: 420 }, () => group('text-expander', { task_queue: 'nobody' }))
    const followed = script([...waiting, group('summariser')])
    const handle = await startCascade(followed)
    await waitFor('the group behind them to run', async () => followed.calls.includes('run summariser'), {
      timeoutMs: 60_000,
    })
    // They make way, so that their nodes can be claimed anew: after their attempts' time and a few minutes.
    const child = worker.client.workflow.getHandle(waiting[0]?.workflow_id ?? '')
    // Temporal starts children in an order of its own: this one may come after the one that ran already.
    const described = await waitForValue(
      'one of them to be started',
      () => child.describe().catch(() => null),
      (found) => found !== null,
    )
    expect(Number(described?.raw.executionConfig?.workflowExecutionTimeout?.seconds)).toBe(3 * 10 + 300)
    await handle.terminate()
  }, 120_000)

  test('begins anew beside a slow child when its history has become large, and leaves the child to dag', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const slow = group('text-expander')
    // Temporal suggests a fresh start from 4 MB of history on; each of these comes twice, as what was claimed and as what is done.
    const large = Array.from({ length: 8 }, () => group('delete', { workflow_id: 'x'.repeat(400_000) }))
    const followed = script([slow, ...large.slice(0, 1)], {
      next: new Map(large.slice(1).map((group, index) => [large[index] as ClaimGroup, [group]])),
      run: async ({ claim_id }) => {
        if (claim_id === slow.claim_id) await released
      },
    })
    const handle = await startCascade(followed)
    const { runId } = await handle.describe()
    const deletions = () => followed.calls.filter((call) => call === 'tombstone').length
    await waitFor('all deletions', async () => deletions() === large.length)
    await waitFor('a new run', async () => followed.orphans.length > 0)
    expect(followed.orphans).toEqual([slow.claim_id])
    const now = worker.client.workflow.getHandle(handle.workflowId)
    expect((await now.describe()).runId).not.toBe(runId)
    await now.result()
    // It has ended, and the child goes on: it is dag that rings when this one frees something.
    expect(await statusOf(slow.workflow_id)).toBe('RUNNING')
    release()
    await worker.client.workflow.getHandle(slow.workflow_id).result()
    expect(followed.calls.filter((call) => call === 'run text-expander')).toHaveLength(1)
  })

  test('takes updates while it runs, and goes on', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const followed = script([group('text-expander')], { run: () => released })
    const handle = await startCascade(followed)
    await waitFor('the run to begin', async () => followed.calls.includes('run text-expander'))
    expect(await handle.executeUpdate('pause')).toEqual({ id: 'newest' })
    expect(await handle.executeUpdate('cancel', { args: [{ cascade_id: 'this one' }] })).toEqual({ id: 'this one' })
    release()
    await handle.result()
    expect(followed.calls.filter((call) => /pause|cancel|end/.test(call))).toEqual([
      'pause the newest',
      'cancel this one',
      'end',
    ])
  })

  test('is started by an update, which has ended before it ends', async () => {
    const followed = script([])
    worker.follow(followed)
    const startWorkflowOperation = new WithStartWorkflowOperation('cascade', {
      taskQueue,
      workflowId: `cascade/${newId()}`,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ tenant_id: tenant, blob_id: root }],
    })
    const answer = await worker.client.workflow.executeUpdateWithStart('retry-failed', { startWorkflowOperation })
    expect(answer).toEqual({ id: 'newest' })
    await (await startWorkflowOperation.workflowHandle()).result()
    expect(followed.calls).toContain('retry-failed the newest')
  })

  test('an update that dag refuses fails alone', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const followed = script([group('text-expander')], {
      run: () => released,
      control: failing(1, () => new StudioError('cascade_ended', 'It has settled.')),
    })
    const handle = await startCascade(followed)
    await expect(handle.executeUpdate('pause')).rejects.toMatchObject({
      cause: { type: 'cascade_ended', message: 'It has settled.' },
    })
    release()
    await handle.result()
  })

  test('deletes by itself', async () => {
    const followed = script([group('delete', { size: 3 })])
    await (await startCascade(followed)).result()
    expect(followed.calls).toContain('tombstone')
  })
})

describe('a provider run', () => {
  test('is tried three times in all', async () => {
    const followed = script([], { run: failing(2, () => new Error('not yet')) })
    await expect((await start('textExpander', group('text-expander'), followed)).result()).resolves.toEqual({
      version: 1,
    })
    expect(followed.calls).toEqual(['run text-expander', 'run text-expander', 'run text-expander'])
  })

  test('is given up after as many attempts as are left, and dag is told', async () => {
    const followed = script([], { run: failing(9, () => new StudioError('provider_failed', 'never')) })
    const handle = await start('summariser', group('summariser', { attempts_left: 2 }), followed)
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'provider_failed' } })
    expect(followed.calls).toEqual(['run summariser', 'run summariser', 'abandon provider_failed 2'])
  })

  test('is not tried again where the fault is for good', async () => {
    const followed = script([], { run: failing(9, () => new StudioError('input_not_supported', 'never')) })
    await expect((await start('summariser', group('summariser'), followed)).result()).rejects.toMatchObject({
      cause: { type: 'input_not_supported' },
    })
    expect(followed.calls).toEqual(['run summariser', 'abandon input_not_supported 1'])
  })

  test('is left to its lease where the studio itself was away', async () => {
    const followed = script([], { run: failing(9, () => new StudioError('dependency_unavailable')) })
    const handle = await start('summariser', group('summariser', { attempts_left: 2 }), followed)
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'dependency_unavailable' } })
    expect(followed.calls).toEqual(['run summariser', 'run summariser'])
  })
})
