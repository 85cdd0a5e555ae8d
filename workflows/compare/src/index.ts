export { compare } from './provider.ts'
