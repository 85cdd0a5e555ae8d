import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

interface Line {
  level: string
  message: string
  port?: number
}

class Sample {
  readonly lines: Line[] = []
  readonly process: ChildProcess
  readonly exited: Promise<number | null>
  #changed: () => void = () => undefined

  constructor(port = 0) {
    this.process = spawn(process.execPath, ['-C', 'source', join(import.meta.dirname, 'service-process.ts')], {
      env: { PATH: process.env['PATH'], PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.exited = once(this.process, 'exit').then(([code]) => code as number | null)
    createInterface({ input: this.process.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line)
      this.#changed()
    })
  }

  said(message: string): Promise<Line> {
    return new Promise((resolve) => {
      this.#changed = () => {
        const line = this.lines.find((candidate) => candidate.message === message)
        if (line) resolve(line)
      }
      this.#changed()
    })
  }
}

let sample: Sample
afterEach(() => void sample.process.kill('SIGKILL'))

test('SIGTERM lets what is in flight finish, then the process ends with 0', async () => {
  sample = new Sample()
  const { port } = await sample.said('listening')
  const answer = fetch(`http://127.0.0.1:${port}/slow`)
  await sample.said('slow request begun')
  sample.process.kill('SIGTERM')
  expect(await (await answer).json()).toEqual({ done: true })
  expect(await sample.exited).toBe(0)
}, 20_000)

test('an error that nobody caught is logged and ends the process with 1', async () => {
  sample = new Sample()
  const { port } = await sample.said('listening')
  await fetch(`http://127.0.0.1:${port}/crash`).catch(() => undefined)
  expect(await sample.exited).toBe(1)
  expect(sample.lines).toContainEqual(
    expect.objectContaining({ level: 'fatal', message: 'an error that nobody caught' }),
  )
}, 20_000)

test('a taken port ends the start with 1 and one line', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  sample = new Sample(port)
  expect(await sample.exited).toBe(1)
  holder.close()
  expect(sample.lines).toEqual([
    expect.objectContaining({ level: 'fatal', message: `port ${port} of 127.0.0.1 is taken by another process` }),
  ])
}, 20_000)
