import { inStartOrder, selectParts } from './order.ts'

const part = (name: string, ...dependsOn: string[]) => ({ name, dependsOn })
const names = (parts: { name: string }[]) => parts.map(({ name }) => name)

describe('inStartOrder', () => {
  test('puts every part after what it depends on and keeps the order of equals', () => {
    expect(
      names(
        inStartOrder([
          part('gateway', 'blob', 'dag'),
          part('dag', 'postgres'),
          part('postgres'),
          part('blob', 'postgres'),
          part('nats'),
        ]),
      ),
    ).toEqual(['postgres', 'nats', 'dag', 'blob', 'gateway'])
  })

  test('names the members of a circle', () => {
    expect(() => inStartOrder([part('a', 'b'), part('b', 'a'), part('c')])).toThrow('circle: a, b.')
  })

  test('names an unknown dependency and a doubled name', () => {
    expect(() => inStartOrder([part('a', 'b')])).toThrow('a depends on b, which is not a part.')
    expect(() => inStartOrder([part('a'), part('a')])).toThrow('two parts named a')
  })
})

describe('selectParts', () => {
  const parts = [part('postgres'), part('migrate', 'postgres'), part('nats'), part('blob', 'migrate', 'nats')]

  test('takes along what the selection depends on', () => {
    expect(names(selectParts(parts, ['migrate'], true))).toEqual(['postgres', 'migrate'])
  })

  test('cuts off dependencies outside the selection', () => {
    expect(selectParts(parts, ['blob', 'nats'], false)).toEqual([part('nats'), part('blob', 'nats')])
  })

  test('names the parts there are when one is unknown', () => {
    expect(() => selectParts(parts, ['blub'], false)).toThrow(
      'no part named blub; there are postgres, migrate, nats, blob',
    )
  })
})
