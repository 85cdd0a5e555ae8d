import { Writable } from 'node:stream'
import { Board, formatRow } from './board.ts'

function capture(isTTY: boolean): { out: NodeJS.WriteStream; text: () => string } {
  let text = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  return { out: Object.assign(stream, { isTTY, columns: 100 }) as unknown as NodeJS.WriteStream, text: () => text }
}

test('a row shows sign, name, status, port, version and seconds', () => {
  expect(
    formatRow(
      { name: 'nats', status: 'ready', mood: 'good', port: 4222, version: '2.14.0', tookMs: 340 },
      undefined,
    ).replaceAll(/ +/g, ' '),
  ).toBe('✔ nats ready :4222 2.14.0 0.3 s')
})

test('without a terminal only changes of status are written, as plain lines', () => {
  const { out, text } = capture(false)
  const board = new Board(out)
  board.set({ name: 'blob', status: 'waiting', mood: 'waiting' })
  board.set({ name: 'blob', status: 'starting', mood: 'busy' })
  board.set({ name: 'blob', status: 'starting', mood: 'busy', detail: 'more' })
  board.set({ name: 'blob', status: 'ready', mood: 'good', tookMs: 1000 })
  board.settle()
  expect(text().trimEnd().split('\n')).toHaveLength(2)
  expect(text()).not.toContain('\x1b')
})

test('on a terminal the lines are redrawn in their place', () => {
  const { out, text } = capture(true)
  const board = new Board(out)
  board.set({ name: 'blob', status: 'starting', mood: 'busy' })
  board.set({ name: 'dag', status: 'starting', mood: 'busy' })
  board.set({ name: 'blob', status: 'ready', mood: 'good' })
  board.settle()
  expect(text()).toContain('\x1b[2A')
})
