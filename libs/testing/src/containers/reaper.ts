import { spawn } from 'node:child_process'

// Waits for the end of its input, that is of the process that started it, by whatever death.
const script = `
trap '' INT TERM HUP
cat >/dev/null
docker ps -aq --filter "label=$1" | xargs -r docker rm -fv
docker network rm "$2"
`

/** Removes the containers with a label, and a network, when this process ends in any way. `release()` does so now. */
export function startReaper(label: string, network: string): { release(): Promise<void> } {
  const child = spawn('sh', ['-c', script, 'reaper', label, network], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  const gone = new Promise<void>((done) => child.once('exit', () => done()).once('error', () => done()))
  return {
    release: () => {
      child.ref()
      child.stdin.end()
      return gone
    },
  }
}
