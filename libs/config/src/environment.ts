import { z } from 'zod'

/** sysexits.h EX_CONFIG: something was found in an unconfigured or misconfigured state. */
const exitConfiguration = 78

/** The environment does not fit; `problems` holds one line a variable: its name, what is wrong, an example. Values never appear. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/**
 * The configuration that the environment stands for. An empty string counts as unset; variables that the schema does not name are
 * ignored. Throws ConfigError.
 */
export function parseEnv<Schema extends z.ZodObject>(
  schema: Schema,
  env: NodeJS.ProcessEnv = process.env,
): z.output<Schema> {
  const names = Object.keys(schema.shape)
  const given = Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const faults = Map.groupBy(parsed.error.issues, (issue) => String(issue.path[0] ?? ''))
  throw new ConfigError(
    [...faults].map(([name, issues]) => {
      if (name === '') return issues.map((issue) => issue.message).join(', ')
      const fault = name in given ? issues.map((issue) => issue.message).join(', ') : 'is missing'
      const example = exampleOf(schema.shape[name])
      return `${name}: ${fault}${example === undefined ? '' : `, for example ${name}=${example}`}`
    }),
  )
}

/** As `parseEnv`, for a process that starts: a bad environment ends it with one line a variable on stderr and exit code 78. */
export function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  env: NodeJS.ProcessEnv = process.env,
): z.output<Schema> {
  try {
    return parseEnv(schema, env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) console.error(problem)
    process.exit(exitConfiguration)
  }
}

// A field is often wrapped (.default, .optional), the example hangs on the innermost one that has it.
function exampleOf(field: unknown): string | undefined {
  let current = field
  while (current instanceof z.ZodType) {
    const example = current.meta()?.['example']
    if (typeof example === 'string') return example
    current = 'innerType' in current.def ? current.def.innerType : undefined
  }
  return undefined
}
