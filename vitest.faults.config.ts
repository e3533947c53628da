import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** Tests that play a part of their seeds or keys in `npm test`, and all of them here. */
const SAMPLED = ['apps', 'libs']
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith('.test.ts') && readFileSync(file, 'utf8').includes('sampleSize('))

/** The slow fault scenarios: `npm run test:faults`. One at a time, since each loads the machine and reads its latencies. */
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    environment: 'node',
    include: ['apps/*/faults/**/*.test.ts', 'libs/*/faults/**/*.faults.ts', ...SAMPLED],
    globalSetup: ['libs/testkit/src/global-setup.ts'],
    provide: { everySample: true },
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 90_000,
  },
})
