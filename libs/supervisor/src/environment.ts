/** Variables of an environment; unset ones are undefined, as in process.env. */
export type Environment = Readonly<Record<string, string | undefined>>

const alwaysPassed = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
]

/** The variables of `environment` under these names that are set to something. */
export function pick(environment: Environment, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])))
}

/**
 * What every process of the studio inherits: the machine's own settings and nothing else, so that neither a secret nor a
 * stray NODE_OPTIONS of the shell gets into it.
 */
export function machineEnvironment(environment: Environment): Record<string, string> {
  return pick(environment, alwaysPassed)
}
