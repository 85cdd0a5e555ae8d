export { ConfigError, loadConfig, parseEnv } from './environment.ts'
export { bytes, count, hostPort, logLevel, milliseconds, port, secret, text, url } from './fields.ts'
export { serviceEnv, variables } from './variables.ts'
