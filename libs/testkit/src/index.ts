/** For tests only: databases and Redis of their own, builders that fill what a test does not care about, and the product. */
export {
  aCaller,
  aCatalogue,
  aModel,
  anEndpoint,
  anOwnCredential,
  anOwnEndpoint,
  aPrice,
  aProvider,
  aVersionedPolicy,
} from './builders.ts'
export { emptyDatabase, testDatabase, testPool, type TestDatabase } from './database.ts'
export { testRedis } from './redis.ts'
export { aKey, insertTenant, type TestTenant } from './tenants.ts'
export { sharedProduct, startProduct, type Product } from './product.ts'
export { steadyPort } from './faults/ports.ts'
export { limitMs, ratePerSecond, slowdown } from './slowdown.ts'
export { waitFor } from './wait.ts'
export { codeFor, signUp, type Visitor } from './visitor.ts'
export type { Fault } from './faults/fault.ts'
export { startFaultProxy, type FaultProxy } from './faults/proxy.ts'
export { startFleet, type Fleet, type FleetOptions } from './faults/fleet.ts'
export type { FleetGateway } from './faults/fleet-gateway.ts'
export type { FleetKey, FleetTenant } from './faults/fleet-keys.ts'
export type { FleetPostgres } from './faults/fleet-postgres.ts'
export { startLoad, type History, type Load, type LoadOptions, type RequestRecord } from './faults/load.ts'
export { judge, watchProcesses, type Judgement, type JudgeOptions, type ProcessJudgement } from './faults/oracles.ts'
export { diceOf } from './dice.ts'
export { startNameServer, type NameServer } from './faults/name-server.ts'
export { percentile } from './faults/statistics.ts'
export { note } from './faults/figures.ts'
export { sampleSize } from './faults/sample-size.ts'
