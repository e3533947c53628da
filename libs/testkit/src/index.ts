/** For tests only: databases and Redis of their own, builders that fill what a test does not care about, and the product. */
export { aCaller, aCatalogue, aModel, anEndpoint, aPolicy, aPrice, aProvider, aVersionedPolicy } from './builders.ts'
export { emptyDatabase, testDatabase, testPool, type TestDatabase } from './database.ts'
export { testRedis, type TestRedis } from './redis.ts'
export { aKey, insertTenant, type TenantOptions, type TestKey, type TestTenant } from './tenants.ts'
export { freePorts, startProduct, type Product, type ProductOptions } from './product.ts'
export { waitFor } from './wait.ts'
export { codeFor, signUp, type Visitor } from './visitor.ts'
export { generateUsage, type GeneratedUsage, type UsageOptions } from './usage.ts'
