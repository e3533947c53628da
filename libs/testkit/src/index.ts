/** For tests only: databases and Redis of their own, builders that fill what a test does not care about, and the product. */
export {
  aCaller,
  aCatalogue,
  aModel,
  anEndpoint,
  anOwnCredential,
  anOwnEndpoint,
  aPolicy,
  aPrice,
  aProvider,
  aVersionedPolicy,
} from './builders.ts'
export { emptyDatabase, testDatabase, testPool, type TestDatabase } from './database.ts'
export { testRedis, type TestRedis } from './redis.ts'
export { aKey, insertTenant, type TenantOptions, type TestKey, type TestTenant } from './tenants.ts'
export { sharedProduct, startProduct, type Product, type ProductOptions } from './product.ts'
export { steadyPort } from './faults/ports.ts'
export { limitMs } from './slowdown.ts'
export { waitFor } from './wait.ts'
export { codeFor, signUp, type Visitor } from './visitor.ts'
export { generateUsage, type GeneratedUsage, type UsageOptions } from './usage.ts'
export type { Fault } from './faults/fault.ts'
export { startFaultProxy, type FaultProxy, type Target } from './faults/proxy.ts'
export type { Tap } from './faults/link.ts'
export { startFleet, type Fleet, type FleetOptions } from './faults/fleet.ts'
export type { FleetGateway } from './faults/fleet-gateway.ts'
export type { FleetKey, FleetTenant } from './faults/fleet-keys.ts'
export type { FleetPostgres } from './faults/fleet-postgres.ts'
export type { FleetRedis } from './faults/fleet-redis.ts'
export { postgresTap, type LookupCounts } from './faults/postgres-tap.ts'
export {
  startLoad,
  type AttemptRecord,
  type History,
  type Load,
  type LoadKind,
  type LoadOptions,
  type RequestRecord,
} from './faults/load.ts'
export {
  judge,
  watchProcesses,
  type Judgement,
  type JudgeOptions,
  type ProcessJudgement,
  type ProcessWatch,
} from './faults/oracles.ts'
export { diceOf } from './dice.ts'
export { startNameServer, type NameAnswer, type NameServer } from './faults/name-server.ts'
export { canaryOf } from './faults/canary.ts'
export { percentile } from './faults/statistics.ts'
export { note } from './faults/figures.ts'
export { sampleSize } from './faults/sample-size.ts'
