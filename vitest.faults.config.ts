import { defineConfig } from 'vitest/config'

/** The slow fault scenarios: `npm run test:faults`. One at a time, since each loads the machine and reads its latencies. */
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    environment: 'node',
    include: ['apps/*/faults/**/*.test.ts', 'libs/*/faults/**/*.faults.ts'],
    globalSetup: ['libs/testkit/src/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 90_000,
  },
})
