import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { commandLine } from './process-identity.ts'

/** True when nothing listens on this port of the loopback address. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/**
 * Below the range from which Linux (32768–60999) and macOS (49152 up) take the ports of outgoing connections, so that none of
 * those can sit down on a port between its choice and its use.
 */
const lowestPort = 15_000
const highestPort = 32_000

/** A free loopback port that is not in `taken`; adds it there. */
export async function freePort(taken: Set<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort))
    if (taken.has(port) || !(await isPortFree(port))) continue
    taken.add(port)
    return port
  }
  throw new Error('There is no free port between 15000 and 32000 on 127.0.0.1.')
}

/** The preferred port where it is free, else another free one; adds it to `taken`. */
export async function preferredPort(preferred: number, taken: Set<number>): Promise<number> {
  if (taken.has(preferred) || !(await isPortFree(preferred))) return freePort(taken)
  taken.add(preferred)
  return preferred
}

/** The process that listens on a port. */
export interface PortHolder {
  pid: number
  command: string
}

/** Who listens on this TCP port, where the system lets us see it (one's own processes, or all of them as root). */
export function portHolder(port: number): PortHolder | undefined {
  const pid = process.platform === 'linux' ? linuxHolder(port) : lsofHolder(port)
  return pid === undefined ? undefined : { pid, command: commandLine(pid) }
}

/** Inodes of the sockets that listen on `port`, from the text of /proc/net/tcp or tcp6 (state 0A is LISTEN). */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    return fields[1]?.endsWith(suffix) && fields[3] === '0A' && fields[9] ? [fields[9]] : []
  })
}

function linuxHolder(port: number): number | undefined {
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => {
      try {
        return listeningInodes(readFileSync(file, 'utf8'), port)
      } catch {
        return []
      }
    }),
  )
  if (inodes.size === 0) return undefined
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      for (const descriptor of readdirSync(`/proc/${entry}/fd`)) {
        const target = readlinkSync(`/proc/${entry}/fd/${descriptor}`)
        if (target.startsWith('socket:[') && inodes.has(target.slice(8, -1))) return Number(entry)
      }
    } catch {
      // not ours to look into, or gone meanwhile
    }
  }
  return undefined
}

function lsofHolder(port: number): number | undefined {
  try {
    const text = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const pid = Number(text.split('\n')[0])
    return pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
