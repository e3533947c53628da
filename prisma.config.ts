import path from 'node:path'
import { defineConfig } from 'prisma/config'

// The command line wants a native engine binary and would fetch one; ours is Prisma's own engine as WebAssembly.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= path.join(import.meta.dirname, 'tools/prisma-schema-engine.mjs')

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Only `migrate` needs a database; `generate`, `validate` and `diff --from-empty` do without.
  ...(process.env['DATABASE_URL'] ? { datasource: { url: process.env['DATABASE_URL'] } } : {}),
})
