/** The console API, word for word: schemas of every request and answer, and who may do what. Runs in the browser too. */
export { AuditList, AuditQuery, AuditRow } from './audit.ts'
export { ConsoleEvents, type ConsoleEvent, type ConsoleEventName } from './events.ts'
export { ApiKey, keyId, KeyAnswer, KeyCreate, KeyCreated, KeyList, KeyListQuery, KeyRename } from './keys.ts'
export {
  ManagedKey,
  ManagedKeyAnswer,
  ManagedKeyCreate,
  ManagedKeyCreated,
  ManagedKeyDeleted,
  ManagedKeyList,
  ManagedKeyListQuery,
  ManagedKeyPatch,
} from './managed-keys.ts'
export { EndpointRow, ModelList, ModelRow } from './models.ts'
export { Organisation, OrganisationAnswer, OrganisationChange, STALE_MAX_SECONDS } from './organisation.ts'
export { PAGE_MAX } from './page.ts'
export { may, PERMISSIONS, permissionsOf, ROLES, type Permission, type Role } from './permissions.ts'
export { FieldErrors, Problem } from './problem.ts'
export {
  AttemptRow,
  BillLine,
  CandidateRow,
  DecisionRecord,
  RequestAnswer,
  RequestDetail,
  RequestList,
  RequestListQuery,
  RequestRow,
} from './requests.ts'
export {
  Nothing,
  PASSWORD_BYTES_MAX,
  PASSWORD_LENGTH_MIN,
  Session,
  SessionAnswer,
  SignIn,
  SignUp,
  Verify,
  VerifyLink,
} from './session.ts'
export { USAGE_BUCKETS, USAGE_GROUPS, UsageAnswer, UsageFigures, UsageQuery, UsageTotals } from './usage.ts'
