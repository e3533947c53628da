/** Postgres and Redis: the only place that talks to them. Returns domain types, never rows. */
export {
  authenticate,
  type Authentication,
  type PresentedKey,
  type FindCaller,
  type RefusedKey,
} from './key-path/authenticate.ts'
export { migrate } from './connections/migrate.ts'
export { replaceFile } from './files/replace-file.ts'
export { ensureLogin, type GroupRole } from './connections/roles.ts'
export { inTenant, inTransaction, openPool, type Pool, type PoolOptions, type Queryable } from './connections/pools.ts'
export { openPrisma, withPerson, withTenant, type PrismaClient, type Transaction } from './connections/prisma.ts'
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded/postgres.ts'
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
} from './key-path/seal.ts'
export {
  compareKeySecrets,
  secretTroubles,
  watchKeySecrets,
  type KeySecretState,
  type KeySecretWatch,
  type MissingSecret,
} from './key-path/secret-check.ts'
export { KeyCache, type KeyCacheStats, type KeyEvent, type KeyStore } from './key-path/cache.ts'
export type { KeySnapshot } from './key-path/key-snapshot.ts'
export { openKeyCache } from './key-path/sources.ts'
export { publishKeyEvents } from './key-path/events.ts'
export { openKeyPath, type KeyPath, type KeyPathOptions } from './key-path/key-path.ts'
export { watchKeyEvents, type ChannelState, type KeyWatch } from './key-path/watch.ts'
export { StoreTime } from './connections/store-time.ts'
export { Counts, type Count, type SharedRedis } from './connections/counts.ts'
export { openRedis } from './connections/redis.ts'
export type { Revocation } from './key-path/revocation.ts'
export { openRevocationFile, type RevocationFile } from './key-path/revocation-file.ts'
export { forgetRevocations, readRevocations, revocationsOf, tellRevocations } from './key-path/revocations.ts'
export {
  findManagedKey,
  hasWorkspace,
  listManagedKeys,
  MANAGED_KEYS_PAGE_MAX,
  type ManagedKey,
  type ManagedKeyFilter,
} from './keys/managed-keys.ts'
export type { BegunRequest, PresetVersion, UsageRecord } from './journal/record.ts'
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
} from './presets/presets.ts'
export {
  PresetCache,
  type PresetSnapshot,
  type PresetCacheOptions,
  type PresetInUse,
  type PresetLookup,
} from './presets/cache.ts'
export { readPreset } from './presets/read.ts'
export { changePreset, savePreset, type PresetAuthor, type PresetChange, type PresetContent } from './presets/write.ts'
export { Journal, type JournalOptions, type JournalStats } from './journal/journal.ts'
export { Shipper, type ShipperOptions, type ShipperStats } from './journal/ship.ts'
export { HealthMinutes, type HealthMinutesOptions } from './health/minutes.ts'
export { openHealthPast, type EndpointPast, type HealthPast } from './health/history.ts'
export { openHealthShare, type HealthShare, type HealthShareOptions, type HealthShareStats } from './health/share.ts'
export {
  findRequest,
  listRequests,
  REQUESTS_PAGE_MAX,
  type RequestDetail,
  type RequestFilter,
  type RequestPage,
  type RequestSummary,
} from './usage/requests.ts'
export { keyUsage, type KeyUsage, type Spent } from './key-path/usage.ts'
export {
  usageSeries,
  usageTotals,
  type UsagePoint,
  type UsageSeriesOptions,
  type UsageSpan,
  type UsageSums,
} from './usage/views.ts'
export { openSnapshotKey } from './snapshot/frames.ts'
export type { DatedCatalogue, Snapshot } from './snapshot/lines.ts'
export { fingerprintsOf, readSnapshot, writeSnapshot, type FoundSnapshot } from './snapshot/snapshot.ts'
export { keepSnapshot, type SnapshotKeeper, type SnapshotKeeperOptions } from './snapshot/keeper.ts'
export { readCatalogue, readCatalogueVersion } from './catalogue/catalogue.ts'
export type { CatalogueChange } from './catalogue/difference.ts'
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
} from './catalogue/drafts.ts'
export { PRICE_FILE_BYTES_MAX, readPriceFile, type PriceFile } from './catalogue/file.ts'
export { installedList, listedEntries, type Listed } from './catalogue/list.ts'
export { INSTALLED_ORIGIN } from './catalogue/providers.ts'
export type { CatalogueEntries } from './catalogue/rows.ts'
export { writeCatalogue, type Written } from './catalogue/write.ts'
export {
  seedCatalogue,
  type CatalogueSeed,
  type CompatibleProvider,
  type ListedProvider,
  type Seeded,
} from './catalogue/seed.ts'
export { startEmbeddedRedis, type EmbeddedRedis, type NoRedis } from './embedded/redis.ts'
export { operatorKey } from './people/operator.ts'
export { mutate, type Author, type Mutated } from './changes/mutate.ts'
export { findCredentials, readBalance, signUp, type Credentials, type NewAccount } from './people/accounts.ts'
export {
  issueVerification,
  resendVerification,
  verifyByCode,
  verifyByLink,
  type IssuedVerification,
} from './people/verifications.ts'
export { changeOrganisation, readOrganisation, type OrganisationSettings } from './people/organisations.ts'
export { Passwords } from './people/passwords.ts'
export {
  beginSession,
  deleteEndedSessions,
  endSession,
  findSession,
  isSessionAlive,
  SESSION_AGE_MS_MAX,
  type SignedIn,
} from './people/sessions.ts'
export {
  createKey,
  findKey,
  keyNames,
  listKeys,
  renameKey,
  revokeKey,
  type KeySummary,
  type NewKey,
} from './keys/keys.ts'
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
} from './policies/policies.ts'
export {
  archivePolicy,
  attachPolicy,
  createPolicy,
  renamePolicy,
  rollBackPolicy,
  savePolicy,
  type PolicyAttached,
  type PolicySaving,
} from './policies/write.ts'
export type { AttachedPolicy, CheckCombined, CombinedPolicies, PolicyPlace } from './policies/combined.ts'
export { recentHealth } from './policies/figures.ts'
export {
  newCredentialSecretsText,
  openKeyEncryptionKeys,
  sealSecret,
  SecretUnopened,
  type KeyEncryptionKeys,
} from './byok/secret-box.ts'
export { readOwn } from './byok/read.ts'
export { compareCredentialSecrets, openOwnSecret } from './byok/secrets.ts'
export { rewrapOwn, secretsByKek, type KekCount, type Rewrapped } from './byok/rewrap.ts'
export {
  noteOwnTest,
  OWN_TEST_RESULTS,
  type FoundByTest,
  type OwnTest,
  type OwnTestResult,
} from './byok/test-results.ts'
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
} from './byok/credentials.ts'
export type { OwnEndpointSummary, OwnPrice } from './byok/endpoint-rows.ts'
export {
  createOwnEndpoint,
  findOwnEndpoint,
  listOwnEndpoints,
  readOwnEndpoint,
  removeOwnEndpoint,
  updateOwnEndpoint,
  type NewOwnEndpoint,
  type OwnEndpointPatch,
} from './byok/endpoints.ts'
export { listAudit, type AuditEntry, type AuditPage } from './changes/audit.ts'
export {
  addJob,
  ensurePartitions,
  runJobs,
  type JobName,
  type Jobs,
  type JobsOptions,
  type Tasks,
} from './connections/jobs.ts'
export {
  CONSOLE_CHANNEL,
  Listening,
  openConsoleNotice,
  USAGE_CHANNEL,
  type ConsoleNotice,
  type Notice,
} from './connections/listen.ts'
export { findPrice } from './catalogue/prices.ts'
export { isStoreUnavailable, whyUnreachable } from './connections/store-unavailable.ts'
export {
  cancelWhatIf,
  createWhatIf,
  findWhatIf,
  listWhatIfs,
  type AsJson,
  type WhatIfDetail,
  type WhatIfRun,
  type WhatIfState,
  type WhatIfRequest,
} from './what-if/runs.ts'
export {
  beatWhatIf,
  claimWhatIf,
  endWhatIf,
  forgetWhatIfs,
  releaseWhatIf,
  resumeWhatIfs,
  type ClaimedWhatIf,
} from './what-if/work.ts'
export { readDraft, readWhatIf, type WhatIfBatch } from './what-if/samples.ts'
