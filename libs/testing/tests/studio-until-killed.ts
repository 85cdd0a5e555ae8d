// Starts a studio, says which processes it has, and stays: the test kills it.
import { execFileSync } from 'node:child_process'
import { startStudio } from '../src/index.ts'

const studio = await startStudio({ backend: 'processes', services: [] })
const pids = execFileSync('ps', ['-eo', 'pid=,ppid=,comm='], { encoding: 'utf8' })
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
  .filter(
    ([, parent, command]) => parent === String(process.pid) && /postgres|nats|temporal|unshare/.test(command ?? ''),
  )
  .map(([pid]) => Number(pid))
console.log(JSON.stringify({ pids, folder: studio.folder }))
setInterval(() => undefined, 1000)
