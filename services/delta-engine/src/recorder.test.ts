import { StudioError } from '@studio/kernel'
import { createLogger } from '@studio/telemetry'
import type { DeltaEnd, DeltaStore } from './domain/ports.ts'
import { createRecorder } from './recorder.ts'

const end: DeltaEnd = { id: '00000000-0000-4000-8000-000000000001', to_version: 1, size: 1, error: null }

/** Answers these errors, one a try, and then takes what it is given. */
function recorderOn(...errors: Error[]) {
  const recorded: DeltaEnd[] = []
  let tries = 0
  const endDeltas = async (ends: readonly DeltaEnd[]): Promise<number> => {
    const error = errors[tries]
    tries += 1
    if (error) throw error
    recorded.push(...ends)
    return ends.length
  }
  const recorder = createRecorder(
    { endDeltas } as unknown as DeltaStore,
    createLogger({ service: 'test', level: 'silent' }),
  )
  return { recorder, recorded, tries: () => tries }
}

test('what a database that was away did not take is recorded when it is back', async () => {
  const { recorder, recorded, tries } = recorderOn(
    new StudioError('dependency_unavailable'),
    new StudioError('dependency_unavailable'),
  )
  recorder.end(end)
  await recorder.settled()
  expect(recorded).toEqual([end])
  expect(tries()).toBe(3)
})

test('what it refuses is left to the sweeper at once, and keeps nothing else waiting', async () => {
  const { recorder, recorded, tries } = recorderOn(new Error('it makes no sense'))
  recorder.end(end)
  await recorder.settled()
  expect(tries()).toBe(1)
  const other = { ...end, to_version: 2 }
  recorder.end(other)
  await recorder.settled()
  expect(recorded).toEqual([other])
})
