// A part for the fixture's own tests: ready at once, ends itself when it is asked at /die.
import { createServer } from 'node:http'

createServer((request, response) => {
  if (request.url === '/die') process.kill(process.pid, 'SIGKILL')
  response.end('ready')
}).listen(Number(process.env['PORT']), process.env['HOST'])
