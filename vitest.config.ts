import { defineConfig } from 'vitest/config'

const IGNORED = '**/node_modules/**'
/** Tests with stores: each file clones a database of its own, or takes a prefix of Redis. */
const STORES = '{apps,libs}/**/*.db.test.ts'
/** Tests that start processes and hold them to time limits: they have the machine to themselves, one file at a time. */
const PROCESSES = 'apps/*/test/**/*.test.ts'
/** The slow fault scenarios have a configuration of their own. */
const FAULTS = 'apps/*/faults/**'
const STORES_SETUP = ['libs/testkit/src/global-setup.ts']

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 90_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['{apps,libs}/**/*.test.{ts,tsx}'],
          exclude: [IGNORED, FAULTS, PROCESSES, STORES],
          // Pure rules share what they import: most of their time would be imports.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'stores',
          include: [STORES],
          exclude: [IGNORED],
          globalSetup: STORES_SETUP,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: [PROCESSES],
          globalSetup: STORES_SETUP,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
