import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    environment: 'node',
    include: ['{apps,libs}/**/*.test.{ts,tsx}'],
    globalSetup: ['libs/testkit/src/global-setup.ts'],
    // Process tests start the whole product; two at a time is what two cores carry.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 90_000,
  },
})
