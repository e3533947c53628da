/** Postgres and Redis: the only place that talks to them. Returns domain types, never rows. */
export {
  authenticate,
  type Authentication,
  type PresentedKey,
  type FindCaller,
  type RefusedKey,
} from './authenticate.ts'
export { migrate } from './migrate.ts'
export { ensureLogin, type GroupRole } from './roles.ts'
export { inTenant, inTransaction, openPool, type Pool, type PoolOptions, type Queryable } from './pools.ts'
export { openPrisma, withPerson, withTenant, type PrismaClient, type Transaction } from './prisma.ts'
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.ts'
export {
  checkKey,
  fingerprints,
  mintKey,
  newSecretsText,
  openKeySecrets,
  type Fingerprint,
  type KeyCheck,
  type KeySecrets,
  type MintedKey,
} from './key-seal.ts'
export {
  compareKeySecrets,
  secretTroubles,
  watchKeySecrets,
  type KeySecretState,
  type KeySecretWatch,
  type MissingSecret,
} from './key-secret-check.ts'
export { KeyCache, type KeyCacheStats, type KeyEvent, type KeyStore } from './key-cache.ts'
export type { HeldKeys } from './key-held.ts'
export { openKeyCache } from './key-sources.ts'
export { publishKeyEvents } from './key-events.ts'
export { openKeyPath, type KeyPath, type KeyPathOptions } from './key-path.ts'
export { watchKeyEvents, type ChannelState, type KeyWatch } from './key-watch.ts'
export { StoreTime } from './store-time.ts'
export { openRedis } from './redis.ts'
export type { Revocation } from './revocation.ts'
export { openRevocationFile, type RevocationFile } from './revocation-file.ts'
export { forgetRevocations, readRevocations, revocationsOf, tellRevocations } from './revocations.ts'
export {
  findManagedKey,
  hasWorkspace,
  listManagedKeys,
  MANAGED_KEYS_PAGE_MAX,
  type ManagedKey,
  type ManagedKeyFilter,
} from './managed-keys.ts'
export type { BegunRequest, PresetVersion, UsageRecord } from './journal-record.ts'
export {
  findPreset,
  findPresetVersion,
  listPresets,
  listPresetVersions,
  PRESET_STATUSES,
  PRESETS_PAGE_MAX,
  presetSlugs,
  type Preset,
  type PresetPlace,
  type PresetStatus,
  type SavedPreset,
} from './presets.ts'
export {
  PresetCache,
  type HeldPreset,
  type PresetCacheOptions,
  type PresetInUse,
  type PresetLookup,
} from './presets-cache.ts'
export { readPreset } from './presets-read.ts'
export { changePreset, savePreset, type PresetAuthor, type PresetChange, type PresetContent } from './presets-write.ts'
export { Journal, type JournalOptions, type JournalStats } from './journal.ts'
export { Shipper, type ShipperOptions, type ShipperStats } from './ship.ts'
export { HealthMinutes, type HealthMinutesOptions } from './health.ts'
export { openHealthPast, type EndpointPast, type HealthPast } from './health-past.ts'
export { openHealthShare, type HealthShare, type HealthShareOptions, type HealthShareStats } from './health-share.ts'
export {
  findRequest,
  listRequests,
  REQUESTS_PAGE_MAX,
  type RequestDetail,
  type RequestFilter,
  type RequestPage,
  type RequestSummary,
} from './requests.ts'
export { keyUsage, type KeyUsage, type Spent } from './key-usage.ts'
export {
  usageSeries,
  usageTotals,
  type UsagePoint,
  type UsageSeriesOptions,
  type UsageSpan,
  type UsageSums,
} from './usage-views.ts'
export { openSnapshotKey } from './snapshot-frames.ts'
export type { DatedCatalogue, Snapshot } from './snapshot-lines.ts'
export { fingerprintsOf, readSnapshot, writeSnapshot, type FoundSnapshot } from './snapshot.ts'
export { keepSnapshot, type SnapshotKeeper, type SnapshotKeeperOptions } from './snapshot-keeper.ts'
export { readCatalogue, readCatalogueVersion } from './catalogue.ts'
export type { CatalogueChange } from './catalogue-difference.ts'
export {
  discardDraft,
  findDraft,
  listDrafts,
  proposeDraft,
  publishDraft,
  type CatalogueDraft,
  type DraftAuthor,
  type DraftSummary,
  type Published,
} from './catalogue-drafts.ts'
export { PRICE_FILE_BYTES_MAX, readPriceFile, type PriceFile } from './catalogue-file.ts'
export { installedList, listedEntries, type Listed } from './catalogue-list.ts'
export { INSTALLED_ORIGIN } from './catalogue-providers.ts'
export type { CatalogueEntries } from './catalogue-rows.ts'
export { writeCatalogue, type Written } from './catalogue-write.ts'
export { seedCatalogue, type CatalogueSeed, type CompatibleProvider, type ListedProvider, type Seeded } from './seed.ts'
export { startEmbeddedRedis, type EmbeddedRedis, type NoRedis } from './embedded-redis.ts'
export { operatorKey } from './operator.ts'
export { mutate, type Author, type Mutated } from './mutate.ts'
export { findCredentials, readBalance, signUp, type Credentials, type NewAccount } from './accounts.ts'
export {
  issueVerification,
  resendVerification,
  verifyByCode,
  verifyByLink,
  type IssuedVerification,
} from './verifications.ts'
export { changeOrganisation, readOrganisation, type OrganisationSettings } from './organisations.ts'
export { Passwords } from './passwords.ts'
export {
  beginSession,
  deleteEndedSessions,
  endSession,
  findSession,
  isSessionAlive,
  SESSION_AGE_MS_MAX,
  type SignedIn,
} from './sessions.ts'
export { createKey, findKey, keyNames, listKeys, renameKey, revokeKey, type KeySummary, type NewKey } from './keys.ts'
export {
  findPolicy,
  listPolicies,
  listPolicyVersions,
  policyLayers,
  type PolicyAttachments,
  type PolicyLayer,
  type PolicyPage,
  type PolicySummary,
  type SavedVersion,
  type VersionPage,
} from './policies.ts'
export {
  archivePolicy,
  attachPolicy,
  createPolicy,
  renamePolicy,
  rollBackPolicy,
  savePolicy,
  type PolicyAttached,
  type PolicySaving,
} from './policies-write.ts'
export type { AttachedPolicy, JudgeTogether, PoliciesTogether, PolicyPlace } from './policies-together.ts'
export { recentHealth } from './policies-figures.ts'
export {
  newCredentialSecretsText,
  openKeyEncryptionKeys,
  sealSecret,
  SecretUnopened,
  type KeyEncryptionKeys,
} from './secret-box.ts'
export { readOwn } from './own-read.ts'
export { compareCredentialSecrets, openOwnSecret } from './own-secrets.ts'
export { rewrapOwn, secretsByKek, type KekCount, type Rewrapped } from './own-rewrap.ts'
export { noteOwnTest, OWN_TEST_RESULTS, type FoundByTest, type OwnTest, type OwnTestResult } from './own-tests.ts'
export {
  createOwnCredential,
  findOwnCredential,
  listOwnCredentials,
  readOwnCredential,
  removeOwnCredential,
  updateOwnCredential,
  type NewOwnCredential,
  type OwnCredentialPatch,
  type OwnCredentialSummary,
} from './own-credentials.ts'
export type { OwnEndpointSummary, OwnPrice } from './own-endpoint-rows.ts'
export {
  createOwnEndpoint,
  findOwnEndpoint,
  listOwnEndpoints,
  readOwnEndpoint,
  removeOwnEndpoint,
  updateOwnEndpoint,
  type NewOwnEndpoint,
  type OwnEndpointPatch,
} from './own-endpoints.ts'
export { listAudit, type AuditEntry, type AuditPage } from './audit.ts'
export { addJob, ensurePartitions, runJobs, type JobName, type Jobs, type JobsOptions, type Tasks } from './jobs.ts'
export {
  CONSOLE_CHANNEL,
  Listening,
  openConsoleNotice,
  USAGE_CHANNEL,
  type ConsoleNotice,
  type Notice,
} from './listen.ts'
export { findPrice } from './prices.ts'
export { isStoreAway, whyNotReached } from './store-away.ts'
export {
  cancelWhatIf,
  createWhatIf,
  findWhatIf,
  listWhatIfs,
  type AsJson,
  type WhatIfDetail,
  type WhatIfRun,
  type WhatIfState,
  type WhatIfWish,
} from './whatif-runs.ts'
export {
  beatWhatIf,
  claimWhatIf,
  endWhatIf,
  forgetWhatIfs,
  releaseWhatIf,
  resumeWhatIfs,
  type ClaimedWhatIf,
} from './whatif-work.ts'
export { readDraft, readWhatIf, type WhatIfBatch } from './whatif-rows.ts'
