import { z } from 'zod'
import { validate } from './validate.ts'

const schema = z.strictObject({ 'a/b': z.string(), n: z.int(), list: z.array(z.string()) })

test('every wrong place is named, and what is wrong there in words for people', () => {
  expect(() => validate(schema, { n: 'x', list: [1], colour: 'red' })).toThrow(
    expect.objectContaining({
      code: 'invalid_request',
      message: '/a~1b: is missing',
      extensions: {
        errors: [
          { pointer: '/a~1b', detail: 'is missing' },
          { pointer: '/n', detail: 'Invalid input: expected number, received string' },
          { pointer: '/list/0', detail: 'Invalid input: expected string, received number' },
          { pointer: '/colour', detail: 'is not known here' },
        ],
      },
    }) as Error,
  )
})
