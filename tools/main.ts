/** The commands of the studio, started on the project's Node by bootstrap.mjs. Each is loaded only when it is asked for. */
const commands: Record<string, () => Promise<{ main: (args: string[]) => Promise<number> }>> = {
  start: () => import('./commands/start.ts'),
  stop: () => import('./commands/stop.ts'),
  reset: () => import('./commands/reset.ts'),
  status: () => import('./commands/status.ts'),
  token: () => import('./commands/token.ts'),
  test: () => import('./commands/test.ts'),
  perf: () => import('./commands/perf.ts'),
  conformance: () => import('./commands/conformance.ts'),
  converge: () => import('./commands/converge.ts'),
  verify: () => import('./commands/verify.ts'),
  architecture: () => import('./architecture.ts'),
}

const [name = '', ...args] = process.argv.slice(2)
const load = commands[name]
// bootstrap.mjs holds the other end of this channel: when it dies, this command ends as after SIGTERM
if (process.channel) {
  process.channel.unref()
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}
if (load) {
  try {
    const code = await (await load()).main(args)
    process.exit(code)
  } catch (error) {
    const { isUserError } = await import('./user-error.ts')
    process.stderr.write(
      `${isUserError(error) ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    )
    process.exit(1)
  }
} else {
  process.stderr.write(`There is no command "${name}"; there are ${Object.keys(commands).join(', ')}.\n`)
  process.exit(2)
}
