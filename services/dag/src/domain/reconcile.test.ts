import { isDoubling } from './reconcile.ts'

test('a running cascade is told again after 1, 2, 4, 8 … intervals and not between', () => {
  const told = Array.from({ length: 33 }, (_, times) => times).filter((times) => isDoubling(times * 5000 + 1, 5000))
  expect(told).toEqual([1, 2, 4, 8, 16, 32])
})
