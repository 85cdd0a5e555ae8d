import { PrismaPg } from '@prisma/adapter-pg'
import type { Database } from './database.ts'

/**
 * The driver adapter for a service's generated Prisma client. It shares the pool of the database, and thereby its search_path: PrismaPg
 * does not read `?schema=` of a URL. Closing the client leaves the pool open.
 */
export function prismaAdapter(database: Database): PrismaPg {
  return new PrismaPg(database.pool, { schema: database.schema })
}
