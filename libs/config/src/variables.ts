import {
  bytes,
  count,
  hostPort,
  logLevel,
  milliseconds,
  natsUrl,
  port,
  postgresUrl,
  secret,
  text,
  url,
} from './fields.ts'

/** What every process of the studio reads; spread it into the schema of `config.ts`. */
export const serviceEnv = {
  PORT: port,
  HOST: text.default('127.0.0.1'),
  LOG_LEVEL: logLevel.default('info'),
  STUDIO_INTERNAL_TOKEN: secret,
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
}

/** The other variables that more than one process knows. A service takes those it needs, so that each has one meaning and one default. */
export const variables = {
  DATABASE_URL: postgresUrl,
  NATS_URL: natsUrl.default('nats://127.0.0.1:4222'),
  TEMPORAL_HOST: hostPort.default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: text.default('default'),
  BLOB_URL: url,
  DELTA_ENGINE_URL: url,
  DAG_URL: url,
  PROVIDER_REGISTRY_URL: url,
  STUDIO_JWT_SECRET: secret.optional(),
  STUDIO_JWKS_URL: url.optional(),
  STUDIO_JWT_ISSUER: text.optional(),
  STUDIO_JWT_AUDIENCE: text.optional(),
  STUDIO_MAX_BLOB_BYTES: bytes.default(16_777_216),
  STUDIO_LEASE_MS: milliseconds.default(30_000),
  STUDIO_PATIENCE_MS: milliseconds.default(5_000),
  STUDIO_RECONCILE_MS: milliseconds.default(5_000),
  /** A recorded output goes when nobody has used it for this long, or when a tenant has more bytes of them, the least recently used first. */
  STUDIO_MEMO_DAYS: count.default(90),
  STUDIO_MEMO_BYTES: bytes.default(10 * 2 ** 30),
  STUDIO_EXPANDER_URL: url.optional(),
  STUDIO_EXPANDER_MODEL: text.optional(),
  STUDIO_EXPANDER_API_KEY: text.optional(),
  /** Millionths of a dollar. */
  STUDIO_EXPANDER_COST_PER_1K_TOKENS: count.optional(),
}
