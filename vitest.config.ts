import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    environment: 'node',
    include: ['{apps,libs}/**/*.test.{ts,tsx}'],
    // The slow fault scenarios have a configuration of their own.
    exclude: ['**/node_modules/**', 'apps/*/faults/**'],
    globalSetup: ['libs/testkit/src/global-setup.ts'],
    // Process tests start the whole product; two at a time is what two cores carry.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 90_000,
  },
})
