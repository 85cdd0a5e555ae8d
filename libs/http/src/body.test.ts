import { parseJson, refuseDepth } from './body.ts'

test('brackets inside strings are not depth', () => {
  expect(() => refuseDepth(Buffer.from('["[[[[\\"[[[["]'), 1)).not.toThrow()
  expect(() => refuseDepth(Buffer.from('[['), 1)).toThrow()
})

test('the place where JSON breaks is told, its content is not', () => {
  const fault = (text: string): string => {
    try {
      parseJson(Buffer.from(text))
    } catch (error) {
      return (error as Error).message
    }
    return 'none'
  }
  expect(fault('{"a": 1,}')).toBe('It breaks at character 8.')
  expect(fault('{"a": hush}')).toBe('It holds a character that JSON does not allow there.')
  expect(fault('{"a": ')).toBe('It ends too early.')
  expect(fault('')).toBe('The body is empty.')
  expect(fault('{"hush": ')).not.toContain('hush')
})
