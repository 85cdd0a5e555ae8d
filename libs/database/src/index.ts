export { createDatabase, type Database, type DatabaseOptions } from './database.ts'
export { isUniqueViolation, postgresCode } from './errors.ts'
export { prismaAdapter } from './prisma-adapter.ts'
export type { Queryable, Row, TransactionOptions } from './queryable.ts'
