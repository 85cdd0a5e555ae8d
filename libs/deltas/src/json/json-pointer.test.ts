import fc from 'fast-check'
import { formatPointer, parseIndex, parsePointer } from './json-pointer.ts'

describe('JSON Pointer', () => {
  // RFC 6901 section 5.
  it.each([
    ['', []],
    ['/foo', ['foo']],
    ['/foo/0', ['foo', '0']],
    ['/', ['']],
    ['/a~1b', ['a/b']],
    ['/c%d', ['c%d']],
    ['/e^f', ['e^f']],
    ['/g|h', ['g|h']],
    ['/i\\j', ['i\\j']],
    ['/k"l', ['k"l']],
    ['/ ', [' ']],
    ['/m~0n', ['m~n']],
    ['/~01', ['~1']],
  ])('%j is %j', (pointer, tokens) => expect(parsePointer(pointer)).toEqual(tokens))

  it.each(['a', 'a/b', '/~', '/~2', '/a~', '#/a'])('%j is no pointer', (pointer) =>
    expect(parsePointer(pointer)).toBeUndefined(),
  )

  it.each([
    ['0', 0],
    ['10', 10],
    ['-', undefined],
    ['01', undefined],
    ['-1', undefined],
    ['1e0', undefined],
    ['', undefined],
    ['1.5', undefined],
  ])('index %j is %j', (token, index) => expect(parseIndex(token)).toBe(index))

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (tokens) => expect(parsePointer(formatPointer(tokens))).toEqual(tokens)),
    )
  })
})
