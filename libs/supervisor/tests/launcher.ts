// A launcher for the tests: starts one part, says its pid, stays. `node -C source launcher.ts <port> <log folder>`
import { Supervisor } from '@studio/supervisor'
import { answeringPart } from './answering-part.ts'

const [port = '', logFolder = ''] = process.argv.slice(2)
const supervisor = new Supervisor({ parts: [answeringPart('one', { port: Number(port) })], logFolder, restart: true })
await supervisor.start()
process.stdout.write(`${supervisor.state('one').pid}\n`)
setInterval(() => undefined, 60_000)
