export { report } from './provider.ts'
