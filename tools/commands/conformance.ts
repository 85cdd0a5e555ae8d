export { main } from '../../tests/conformance/main.ts'
