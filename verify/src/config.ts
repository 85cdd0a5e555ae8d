import { z } from 'zod'

const environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535),
  HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: z.string().default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  TEMPORAL_HOST: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
})

/** What the process `verifier` is told: no tokens and no addresses of services, since it talks to none of them. */
export type Config = z.infer<typeof environment>

/** Throws where a variable is missing or makes no sense; values are not shown. */
export function readConfig(): Config {
  const { data, error } = environment.safeParse(process.env)
  if (error) throw new Error(error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'))
  return data
}
