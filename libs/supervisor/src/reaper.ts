import { spawn, type ChildProcess } from 'node:child_process'
import type { StopSignal } from './part.ts'

/**
 * Reads `+ SIGNAL pid` and `- SIGNAL pid` lines. When its standard input ends, whatever the reason, it signals the process groups
 * that are left, gives them ten seconds and kills what then still runs. A shell, since it costs 1 MB where a Node costs 40.
 */
const script = `
trap '' INT TERM HUP
groups=
while read -r action signal pid; do
  case $action in
    +) groups="$groups $signal:$pid" ;;
    -) rest=
       for group in $groups; do [ "\${group#*:}" = "$pid" ] || rest="$rest $group"; done
       groups=$rest ;;
  esac
done
for group in $groups; do kill -s "\${group%%:*}" -- "-\${group#*:}" 2>/dev/null; done
tries=0
while [ $tries -lt 100 ]; do
  alive=
  for group in $groups; do kill -s 0 -- "-\${group#*:}" 2>/dev/null && alive=yes; done
  [ -z "$alive" ] && exit 0
  sleep 0.1
  tries=$((tries + 1))
done
for group in $groups; do kill -s KILL -- "-\${group#*:}" 2>/dev/null; done
`

/**
 * Ends the children of this process when this process dies by any way, SIGKILL included: it holds the other end of a pipe
 * that the system closes then.
 */
export class Reaper {
  readonly #shell: ChildProcess

  constructor() {
    // In a session of its own, so that neither Ctrl-C in the terminal nor a signal to our group reaches it.
    this.#shell = spawn('/bin/sh', ['-c', script, 'studio-reaper'], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    })
    this.#shell.unref()
    this.#shell.stdin?.on('error', () => undefined)
    ;(this.#shell.stdin as unknown as { unref?: () => void } | null)?.unref?.()
  }

  /** From now on the process group of `pid` ends with this process. */
  watch(pid: number, signal: StopSignal): void {
    this.#shell.stdin?.write(`+ ${signal.slice(3)} ${pid}\n`)
  }

  /** The group has ended by itself; its number may belong to somebody else soon. */
  forget(pid: number): void {
    this.#shell.stdin?.write(`- - ${pid}\n`)
  }

  /** Ends the watch; groups that are still watched are ended by it. */
  close(): void {
    this.#shell.stdin?.end()
  }
}
