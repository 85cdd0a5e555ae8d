export { main } from '../../tests/convergence/main.ts'
