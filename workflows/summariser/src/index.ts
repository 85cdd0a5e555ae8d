export { summariser } from './provider.ts'
