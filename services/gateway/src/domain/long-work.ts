// What may run in another thread: pure functions of plain data and bytes.
export { embedInWriting } from './embed-content.ts'
export { checkJson, parseEnvelope } from './envelope.ts'
