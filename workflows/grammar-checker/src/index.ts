export { grammarChecker } from './provider.ts'
