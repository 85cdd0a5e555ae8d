import { StudioError } from '@studio/kernel'
import { faultInBody, faultInChange } from './operation-fault.ts'

const errors = [{ pointer: '/metadata', detail: 'is wrong' }]

test('a place in an operation becomes a place in the body', () => {
  expect(faultInBody(3, new StudioError('invalid_request', 'Bad.', { extensions: { errors } }))).toMatchObject({
    code: 'invalid_request',
    message: '/operations/3/metadata: is wrong',
    extensions: { operation: 3, errors: [{ pointer: '/operations/3/metadata', detail: 'is wrong' }] },
  })
})

test('what names no place in an operation is about the operation', () => {
  expect(faultInBody(3, new StudioError('invalid_content_type', 'Bad.'))).toMatchObject({
    message: '/operations/3: Bad.',
    extensions: { operation: 3, errors: [{ pointer: '/operations/3', detail: 'Bad.' }] },
  })
})

test('a place in a patch stays one, and all else that is told', () => {
  const conflicts = [{ path: '/a' }]
  expect(
    faultInChange(3, new StudioError('merge_conflict', 'Bad.', { extensions: { errors, conflicts } })).extensions,
  ).toEqual({ operation: 3, errors, conflicts })
})

test('without a place, the operation is the place', () => {
  expect(faultInChange(0, new StudioError('blob_not_found', 'Gone.')).extensions).toEqual({
    operation: 0,
    errors: [{ pointer: '/operations/0', detail: 'Gone.' }],
  })
})

test('what is no known fault is passed on', () => {
  const error = new TypeError('x')
  expect(faultInBody(0, error)).toBe(error)
})
