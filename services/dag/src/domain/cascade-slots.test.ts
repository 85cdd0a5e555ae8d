import { asleep, looked, maximumCascades, ringFor, type CascadeSlot } from './cascade-slots.ts'

const ringAll = (roots: string[], from: CascadeSlot[] = []) => {
  const rung: string[] = []
  let slots = from
  for (const root of roots) {
    const next = ringFor(slots, root)
    slots = next.slots
    if (next.ring) rung.push(next.ring)
  }
  return { slots, rung }
}

test('a thousand edits before the first cascade looks ring as many workflows as may be awake', () => {
  const roots = Array.from({ length: 1000 }, (_, index) => `blob-${index}`)
  const { slots, rung } = ringAll(roots)
  expect(rung).toEqual(roots.slice(0, maximumCascades))
  expect(slots).toHaveLength(maximumCascades)
})

test('once a cascade has looked, the next edit rings it again, whichever blob was edited', () => {
  const { slots } = ringAll(['a', 'b'])
  const next = ringFor(looked(slots, 'a'), 'c')
  expect(next.ring).toBe('a')
  expect(next.slots.find((slot) => slot.root_id === 'a')?.rung).toBe(true)
})

test('a cascade that sleeps leaves room for the next root', () => {
  const { slots } = ringAll(['a', 'b'])
  expect(ringFor(asleep(slots, 'a'), 'c').ring).toBe('c')
})

test('the same blob is rung once until its cascade looks', () => {
  expect(ringAll(['a', 'a', 'a']).rung).toEqual(['a'])
})
