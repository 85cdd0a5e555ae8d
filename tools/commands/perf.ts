export { main } from '../../perf/src/main.ts'
