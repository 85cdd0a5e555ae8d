import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Only `prisma migrate` connects; `prisma generate` runs without a database.
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
})
