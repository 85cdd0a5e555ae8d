import { StudioError } from '@studio/kernel'
import { threadId } from 'node:worker_threads'

// What the tests send to threads.

export const whereAmI = (): number => threadId

export const doubled = (bytes: Uint8Array): { bytes: Uint8Array; size: number } => {
  const twice = Buffer.concat([bytes, bytes])
  return { bytes: twice, size: twice.length }
}

export const refuse = (pointer: string): never => {
  throw new StudioError('invalid_content', 'not like this', { extensions: { errors: [{ pointer, detail: 'wrong' }] } })
}

export const fail = (): never => {
  throw new RangeError('a defect')
}

export const spin = (milliseconds: number): void => {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}
