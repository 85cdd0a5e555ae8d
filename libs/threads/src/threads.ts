import { counter } from '@studio/telemetry'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { Piscina } from 'piscina'
import { valueOf, type Ended, type Task } from './message.ts'
import { hasTime } from './turns.ts'

type Pure = (...args: never[]) => unknown
type NamesOf<Module> = { [Name in keyof Module]: Module[Name] extends Pure ? Name : never }[keyof Module] & string
type ArgumentsOf<Task> = Task extends (...args: infer Arguments) => unknown ? Arguments : never
type ResultOf<Task> = Task extends (...args: never[]) => infer Result ? Result : never

export interface RunOptions {
  /** Rough bytes that the work goes through. A hop to a thread costs some 0.1 ms, so that light work stays here. */
  weight: number
  /** Buffers among the arguments that are handed over instead of copied: empty here afterwards. */
  transfer?: readonly ArrayBufferLike[]
}

/** Runs the pure functions of one module: light work in place, heavy work in another thread. */
export interface Threads<Module> {
  /**
   * The result of the module's function `name`, or what it throws (of a StudioError its code, detail and extensions). Arguments and results
   * that cross threads are plain data and Uint8Arrays; a Buffer arrives as a Uint8Array.
   */
  run<Name extends NamesOf<Module>>(
    name: Name,
    args: ArgumentsOf<Module[Name]>,
    options: RunOptions,
  ): Promise<ResultOf<Module[Name]>>
  /** Lets what is under way finish, then ends the threads. */
  close(): Promise<void>
}

/** From this weight in bytes on work leaves the main thread: the strictest of it (many small JSON numbers) takes some 5 ms then. */
export const heavy = 64 * 1024
/** A document of 16 MiB can take 500 MB while it is worked on. */
const mostThreads = 4
const semiSpaceMb = 32
/** A thread takes some 50 ms to start and 10 MB to keep. */
const idleMs = 30_000

/** Threads start with the first heavy work, and end when there has been none for a while. */
export function createThreads<Module extends object>(moduleUrl: URL | string, module: Module): Threads<Module> {
  const tasks = counter('studio_tasks_total', 'Pure work by its function, and by the place where it was done.', [
    'task',
    'place',
  ])
  // For the isolates of threads; this one's is set. JSON.parse walks all that it has made so far at each scavenge: 16 MiB of `{}` take 20 s
  // with the small semi-space of a service at rest, and 1.2 s with this one.
  setFlagsFromString(`--max-semi-space-size=${semiSpaceMb}`)
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./worker.ts', import.meta.url)),
    workerData: { moduleUrl: String(moduleUrl) },
    minThreads: 0,
    maxThreads: Math.min(mostThreads, Math.max(2, availableParallelism() - 1)),
    idleTimeout: idleMs,
    recordTiming: false,
  })

  const underWay = new Set<Promise<Ended>>()

  const runInThread = async (task: Task, transfer: readonly ArrayBufferLike[]): Promise<unknown> => {
    const ended = pool.run(task, { transferList: [...transfer] as ArrayBuffer[] }) as Promise<Ended>
    underWay.add(ended)
    return valueOf(await ended.finally(() => underWay.delete(ended)))
  }

  return {
    run: async (name, args, { weight, transfer = [] }) => {
      const place = weight < heavy ? 'here' : 'thread'
      tasks.inc({ task: name, place })
      if (place === 'thread') return (await runInThread({ name, args }, transfer)) as never
      while (!hasTime()) await nextTurn()
      return (module[name] as (...given: typeof args) => never)(...args)
    },
    close: async () => {
      // The pool's own close does not wait for tasks that no thread has begun.
      await Promise.allSettled(underWay)
      await pool.destroy()
    },
  }
}
