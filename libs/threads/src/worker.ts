import Piscina, { move, workerData } from 'piscina'
import { ended, type Task } from './message.ts'

// What a thread does with a task: calls the function of the module that the pool was made for.
const { moduleUrl } = workerData as { moduleUrl: string }
const functions = import(moduleUrl) as Promise<Record<string, (...args: readonly unknown[]) => unknown>>

export default async function run({ name, args }: Task): Promise<unknown> {
  const task = (await functions)[name]
  const end = ended(() => {
    if (task === undefined) throw new TypeError(`${moduleUrl} exports no ${name}`)
    return task(...args)
  })
  return move({ [Piscina.valueSymbol]: end, [Piscina.transferableSymbol]: [...buffersIn(end)] })
}

/** The buffers of all byte arrays in a value that have one to themselves: those are handed over and not copied. */
function buffersIn(value: unknown, found = new Set<ArrayBufferLike>()): Set<ArrayBufferLike> {
  if (value instanceof Uint8Array) {
    if (value.byteLength === value.buffer.byteLength) found.add(value.buffer)
  } else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) buffersIn(member, found)
  return found
}
