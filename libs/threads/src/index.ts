export { createThreads, heavy, type Threads } from './threads.ts'
