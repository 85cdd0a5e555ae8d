// A part for the tests: answers /readyz once it listens. `node answering-part.mjs <port> [die]`
import { createServer } from 'node:http'

const [port, how] = process.argv.slice(2)
console.log('one line of log')
if (how === 'die') {
  console.log('something is badly wrong')
  process.exit(3)
}
createServer((request, response) => response.writeHead(how === 'never' ? 503 : 200).end('fine')).listen(
  Number(port),
  '127.0.0.1',
)
process.on('SIGTERM', () => {
  if (how !== 'stubborn') process.exit(0)
})
