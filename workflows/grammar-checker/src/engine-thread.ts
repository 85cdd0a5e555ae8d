// Answers one message a question: {id, question} → {id, corrected} or {id, error}.
import { parentPort } from 'node:worker_threads'
import { correct } from './correct.ts'
import type { Question } from './transform.ts'

parentPort?.on('message', ({ id, question }: { id: number; question: Question }) => {
  correct(question.text, question.language, question.dialect).then(
    (corrected) => parentPort?.postMessage({ id, corrected }),
    (error: unknown) => parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
  )
})
