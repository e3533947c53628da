/** The console API, word for word: schemas of every request and answer, and who may do what. Runs in the browser too. */
export { AuditList, AuditQuery, AuditRow } from './audit.ts'
export {
  CatalogueChangeRow,
  CatalogueDraft,
  CatalogueDraftAnswer,
  CatalogueDraftList,
  CatalogueDraftRow,
  CataloguePublish,
  CataloguePublished,
} from './catalogue-import.ts'
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
export {
  ManagedPolicy,
  ManagedPolicyAnswer,
  ManagedPolicyCreate,
  ManagedPolicyDeleted,
  ManagedPolicyList,
  ManagedPolicyListQuery,
  ManagedPolicyPatch,
  ManagedPolicyRollback,
  ManagedPolicySave,
  ManagedPolicyVersion,
  ManagedPolicyVersionList,
} from './managed-policies.ts'
export { EndpointRow, ModelList, ModelRow } from './models.ts'
export { Organisation, OrganisationAnswer, OrganisationChange, STALE_MAX_SECONDS } from './organisation.ts'
export { PAGE_MAX } from './page.ts'
export {
  Policy,
  POLICY_NAME_LENGTH_MAX,
  POLICY_TEMPLATES,
  PolicyAnswer,
  PolicyAttached,
  PolicyAttachment,
  PolicyCreate,
  PolicyList,
  PolicyListQuery,
  PolicyPreview,
  PolicyPreviewAnswer,
  PolicyPreviewQuestion,
  PolicyRename,
  PolicyRollback,
  PolicySave,
  PolicyVersion,
  PolicyVersionList,
  PolicyVersionListQuery,
  PolicyWarning,
  RouteSample,
} from './policies.ts'
export {
  POLICY_ATTEMPTS_MAX,
  POLICY_BYTES_MAX,
  POLICY_DAYS,
  POLICY_FAILURES,
  POLICY_FALLBACK_MODELS_MAX,
  POLICY_OBJECTIVES,
  POLICY_PRECISIONS,
  POLICY_SLUGS_MAX,
  POLICY_WINDOWS_MAX,
  PolicyDocument,
  PolicyName,
} from './policy-document.ts'
export { may, PERMISSIONS, permissionsOf, ROLES, type Permission, type Role } from './permissions.ts'
export { FieldErrors, Problem } from './problem.ts'
export {
  AttemptRow,
  BillLine,
  CandidateRow,
  DecisionRecord,
  RemovedRow,
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
export {
  WHAT_IF_DAYS_MAX,
  WHAT_IF_STATES,
  WhatIfAnswer,
  WhatIfCreate,
  WhatIfDetail,
  WhatIfFigures,
  WhatIfGroup,
  WhatIfList,
  WhatIfListQuery,
  WhatIfMove,
  WhatIfReport,
  WhatIfRun,
  WhatIfSample,
  WhatIfStarted,
} from './what-if.ts'
