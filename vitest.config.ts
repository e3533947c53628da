import { defineConfig } from 'vitest/config'

const IGNORED = '**/node_modules/**'
/** Tests with stores: each file clones a database of its own, or takes a prefix of Redis. */
const STORES = '{apps,libs}/**/*.db.test.ts'
/** Tests that start processes, or run an app on sockets. */
const PROCESSES = 'apps/*/test/**/*.test.ts'
/** The slow fault scenarios have a configuration of their own. */
const FAULTS = 'apps/*/faults/**'
/** Starts stores and products for the first file that asks; pure rules do without. */
const STORES_SETUP = ['libs/testkit/src/global-setup.ts']

/** Files of one worker share what they import: anew for each, imports would take more time than tests. */
const SHARED = { isolate: false, maxWorkers: 2 }

export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: {
          ...SHARED,
          name: 'pure',
          include: ['{apps,libs}/**/*.test.{ts,tsx}'],
          exclude: [IGNORED, FAULTS, PROCESSES, STORES],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...SHARED,
          name: 'stores',
          include: [STORES],
          exclude: [IGNORED],
          globalSetup: STORES_SETUP,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...SHARED,
          name: 'processes',
          include: [PROCESSES],
          globalSetup: STORES_SETUP,
          testTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
