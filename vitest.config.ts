import { defineConfig } from 'vitest/config'

const IGNORED = '**/node_modules/**'
/** Tests that start processes and hold them to time limits: they have the machine to themselves, one file at a time. */
const PROCESSES = 'apps/*/test/**/*.test.ts'
/** The slow fault scenarios have a configuration of their own. */
const FAULTS = 'apps/*/faults/**'

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    environment: 'node',
    globalSetup: ['libs/testkit/src/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 90_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'code',
          include: ['{apps,libs}/**/*.test.{ts,tsx}'],
          exclude: [IGNORED, FAULTS, PROCESSES],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'processes', include: [PROCESSES], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
