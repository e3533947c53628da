/** Postgres and Redis: the only place that talks to them. Returns domain types, never rows. */
export { authenticate, type PresentedKey, type RefusedKey } from './key-path/authenticate.ts'
export { migrate } from './connections/migrate.ts'
export { replaceFile } from './files/replace-file.ts'
export { ensureLogin } from './connections/roles.ts'
export { inTransaction, openPool, type Pool, type Queryable } from './connections/pools.ts'
export { openPrisma, type PrismaClient } from './connections/prisma.ts'
export { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/postgres.ts'
export { checkKey, mintKey, newSecretsText, openKeySecrets, type KeySecrets } from './key-path/seal.ts'
export {
  compareKeySecrets,
  secretTroubles,
  watchKeySecrets,
  type KeySecretState,
  type KeySecretWatch,
} from './key-path/secret-check.ts'
export { KeyCache, type KeySnapshot } from './key-path/cache.ts'
export { publishKeyEvents } from './key-path/events.ts'
export { openKeyPath, type KeyPath, type KeyPathOptions } from './key-path/key-path.ts'
export type { ChannelState } from './key-path/watch.ts'
export { Counts, type Count, type SharedRedis } from './connections/counts.ts'
export { openRedis } from './connections/redis.ts'
export { openRevocationFile, type RevocationFile } from './key-path/revocation-file.ts'
export { forgetRevocations, publishRevocations, type Revocation } from './key-path/revocations.ts'
export { findManagedKey, hasWorkspace, keyUsage, listManagedKeys } from './keys/managed-keys.ts'
export type { KeyUsage, ManagedKey } from './keys/managed-keys.ts'
export { outcomeOf, type BegunRequest, type PresetVersion, type UsageRecord } from './journal/record.ts'
export {
  findPreset,
  findPresetVersion,
  listPresets,
  listPresetVersions,
  PRESET_STATUSES,
  PRESETS_PAGE_MAX,
  presetSlugs,
  readPreset,
  type Preset,
  type PresetInUse,
  type PresetPlace,
  type PresetStatus,
  type SavedPreset,
} from './presets/presets.ts'
export { PresetCache, type PresetCacheOptions, type PresetLookup } from './presets/cache.ts'
export { changePreset, savePreset, type PresetAuthor, type PresetChange, type PresetContent } from './presets/write.ts'
export { Journal } from './journal/journal.ts'
export { forgetShippedSegments } from './journal/shipped-segments.ts'
export { reshipRefused, type Reshipped, type ReshippedRows } from './journal/reship.ts'
export { Shipper } from './journal/ship.ts'
export { HealthMinutes } from './health/minutes.ts'
export { openHealthPast, type EndpointPast, type HealthPast } from './health/history.ts'
export { openHealthShare, type HealthShare } from './health/share.ts'
export {
  findRequest,
  listRequests,
  type RequestDetail,
  type RequestFilter,
  type RequestSummary,
} from './usage/requests.ts'
export { refusedUses, requestsByModel, type RefusedUse } from './usage/byok-traffic.ts'
export { usageSeries, usageTotals, type UsagePoint, type UsageSums } from './usage/views.ts'
export { openSnapshotKey } from './snapshot/frames.ts'
export type { DatedCatalogue } from './snapshot/lines.ts'
export { fingerprintsOf, readSnapshot } from './snapshot/snapshot.ts'
export { keepSnapshot } from './snapshot/keeper.ts'
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
} from './catalogue/drafts.ts'
export { PRICE_FILE_BYTES_MAX, readPriceFile } from './catalogue/file.ts'
export { installedList, listedEntries } from './catalogue/list.ts'
export { INSTALLED_ORIGIN } from './catalogue/providers.ts'
export type { CatalogueEntries } from './catalogue/rows.ts'
export { seedCatalogue } from './catalogue/seed.ts'
export { startEmbeddedRedis, type EmbeddedRedis } from './embedded/redis.ts'
export { operatorKey } from './people/operator.ts'
export { mutate, type Author, type Mutated } from './changes/mutate.ts'
export { findCredentials, readBalance, signUp } from './people/accounts.ts'
export { issueVerification, resendVerification, verifyByCode, verifyByLink } from './people/verifications.ts'
export { DEVICE_AGE_MS_MAX, openDevice, sealDevice, type KnownDevice } from './people/devices.ts'
export { changePassword, issueReset, passwordHashOf, requestReset, resetPassword } from './people/resets.ts'
export { changeOrganisation, readOrganisation } from './people/organisations.ts'
export { Passwords } from './people/passwords.ts'
export {
  beginSession,
  deleteEndedSessions,
  endAllSessions,
  endSession,
  endSessionOf,
  findSession,
  isSessionAlive,
  listSessions,
  SESSION_AGE_MS_MAX,
  type SignedIn,
} from './people/sessions.ts'
export { createKey, findKey, keyNames, listKeys, renameKey, revokeKey, type KeySummary } from './keys/keys.ts'
export {
  findPolicy,
  listPolicies,
  listPolicyVersions,
  policyLayers,
  type PolicyLayer,
  type PolicySummary,
  type SavedVersion,
} from './policies/policies.ts'
export {
  archivePolicy,
  attachPolicy,
  createPolicy,
  renamePolicy,
  rollBackPolicy,
  savePolicy,
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
export { readOwn } from './byok/rows.ts'
export { compareCredentialSecrets, openOwnSecret } from './byok/secrets.ts'
export { rewrapOwn, secretsByKek, type Rewrapped } from './byok/rewrap.ts'
export { noteOwnTest, type OwnTestResult } from './byok/test-results.ts'
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
export {
  createOwnEndpoint,
  findOwnEndpoint,
  listOwnEndpoints,
  readOwnEndpoint,
  removeOwnEndpoint,
  updateOwnEndpoint,
  type NewOwnEndpoint,
  type OwnEndpointPatch,
  type OwnEndpointSummary,
  type OwnPrice,
} from './byok/endpoints.ts'
export { listAudit } from './changes/audit.ts'
export { addJob, ensurePartitions, runJobs, type Jobs } from './connections/jobs.ts'
export {
  CONSOLE_CHANNEL,
  Listening,
  notifyRefusal,
  openConsoleNotice,
  openRefusalNotice,
  REFUSAL_CHANNEL,
  USAGE_CHANNEL,
  type Notice,
  type RefusalNotice,
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
export { readDraft, readWhatIf } from './what-if/samples.ts'
