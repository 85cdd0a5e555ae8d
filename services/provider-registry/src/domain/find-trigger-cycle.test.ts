import { findTriggerCycle } from './find-trigger-cycle.ts'

const provider = (id: string, trigger_created_by: string[], trigger_events: 'blob.created'[] = ['blob.created']) => ({
  id,
  trigger_created_by,
  trigger_events,
})

test('a chain and a diamond are no cycles', () => {
  const providers = [provider('a', ['user']), provider('b', ['a']), provider('c', ['a']), provider('d', ['b', 'c'])]
  expect(findTriggerCycle(providers)).toBeNull()
})

test('a loop is named in the order in which it would run', () => {
  expect(findTriggerCycle([provider('a', ['c']), provider('b', ['a']), provider('c', ['b'])])).toEqual([
    'a',
    'b',
    'c',
    'a',
  ])
})

test('a provider that waits for itself is a loop', () => {
  expect(findTriggerCycle([provider('a', ['a'])])).toEqual(['a', 'a'])
})

test('who takes anyone, and who has no trigger event, is on no loop', () => {
  expect(findTriggerCycle([provider('a', []), provider('b', ['a'])])).toBeNull()
  expect(findTriggerCycle([provider('a', ['b'], []), provider('b', ['a'])])).toBeNull()
})
