import { embedContent, embedInWriting } from './embed-content.ts'

test.each<[string, Buffer, object]>([
  ['text/plain', Buffer.from('"grün"\n'), { text: '"grün"\n' }],
  ['application/json', Buffer.from('{}'), { text: '{}' }],
  ['text/plain', Buffer.from([0xff]), { content: '/w==' }],
  ['image/png', Buffer.from('a'), { content: 'YQ==' }],
])('%s %j', (type, bytes, embedded) => {
  expect(embedContent(type, bytes)).toEqual(embedded)
  expect(JSON.parse(`{${Buffer.from(embedInWriting(type, bytes)).toString()}}`)).toEqual(embedded)
})
