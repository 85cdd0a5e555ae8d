import { Worker } from 'node:worker_threads'
import type { Dialect } from './correct.ts'

export interface Question {
  text: string
  language: 'plaintext' | 'markdown'
  dialect: Dialect
}

/** What `correct` says of a text. The engine has a thread of its own, since it computes for a second without a pause when it loads. */
export function correctText(text: string, language: Question['language'], dialect: Dialect): Promise<string> {
  engine ??= startEngine()
  return engine.ask({ text, language, dialect })
}

interface Engine {
  ask(question: Question): Promise<string>
}

type Answer = { id: number } & ({ corrected: string } | { error: string })

let engine: Engine | undefined

/** Loads when it is first needed, once a process: over a second and 300 MB. */
function startEngine(): Engine {
  const open = new Map<number, { resolve: (corrected: string) => void; reject: (error: Error) => void }>()
  let questions = 0
  const thread = new Worker(new URL('./engine-thread.ts', import.meta.url))
  thread.on('message', (answer: Answer) => {
    const asked = open.get(answer.id)
    open.delete(answer.id)
    if ('corrected' in answer) asked?.resolve(answer.corrected)
    else asked?.reject(new Error(answer.error))
    // An idle engine does not keep the process from ending.
    if (open.size === 0) thread.unref()
  })
  const end = (error: Error): void => {
    engine = undefined
    for (const { reject } of open.values()) reject(error)
    open.clear()
  }
  thread.on('error', end)
  thread.on('exit', () => end(new Error('the grammar engine ended')))
  return {
    ask: (question) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      const id = ++questions
      open.set(id, { resolve, reject })
      thread.ref()
      thread.postMessage({ id, question })
      return promise
    },
  }
}
