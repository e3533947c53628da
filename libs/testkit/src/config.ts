/** What the environment may tell tests: servers to use instead of starting own ones. */
export interface TestConfig {
  /** An owner's URL of a PostgreSQL 15 that asks for passwords; each test file gets a database of its own there. */
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
}

/** Reads the environment, once per process. Empty counts as absent. */
export function readTestConfig(): TestConfig {
  return {
    databaseUrl: process.env['TEST_DATABASE_URL'] || undefined,
    redisUrl: process.env['REDIS_URL'] || undefined,
  }
}

/** Which of the run's workers this is: its test files run one after the other. */
export function worker(): string {
  return process.env['VITEST_POOL_ID'] ?? '1'
}
