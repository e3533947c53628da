/** The console API, word for word: schemas of every request and answer, and who may do what. Runs in the browser too. */
export { AuditList, AuditQuery } from './audit.ts'
export {
  CatalogueDraftAnswer,
  CatalogueDraftList,
  CatalogueDraftRow,
  CataloguePublish,
  CataloguePublished,
} from './catalogue-import.ts'
export { ConsoleEvents, type ConsoleEvent, type ConsoleEventName } from './events.ts'
export { ApiKey, keyId, KeyAnswer, KeyCreate, KeyCreated, KeyList, KeyListQuery, KeyRename } from './keys.ts'
export {
  ManagedByokAnswer,
  ManagedByokCreate,
  ManagedByokDeleted,
  ManagedByokKey,
  ManagedByokList,
  ManagedByokListQuery,
  ManagedByokPatch,
} from './managed-byok.ts'
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
export { EndpointLive, EndpointRow, ModelList, ModelRow, ModelsLive } from './models.ts'
export { Organisation, OrganisationAnswer, OrganisationChange } from './organisation.ts'
export {
  CONSEQUENCE_MODELS_MAX,
  EndpointSecretReplace,
  FailingKeys,
  KeyConsequence,
  OWN_PRIORITY_MAX,
  OwnDeleted,
  OwnEndpointAnswer,
  OwnEndpointChange,
  OwnEndpointCreate,
  OwnEndpointList,
  OwnEndpointListQuery,
  OwnEndpointRow,
  OwnPrice,
  OwnTest,
  OwnTestAnswer,
  ProviderKey,
  ProviderKeyAnswer,
  ProviderKeyChange,
  ProviderKeyCreate,
  ProviderKeyList,
  ProviderKeyListQuery,
  SecretReplace,
} from './byok.ts'
export {
  Policy,
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
} from './policies.ts'
export { POLICY_BYTES_MAX, PolicyDocument } from './policy-document.ts'
export { may, PERMISSIONS, permissionsOf, type Permission, type Role } from './permissions.ts'
export { Problem } from './problem.ts'
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
  ChangePassword,
  ForgotPassword,
  Nothing,
  ResetPassword,
  Session,
  SessionAnswer,
  SessionList,
  SessionRow,
  SignIn,
  SignUp,
  Verify,
  VerifyLink,
  VerifyLinkAnswer,
} from './session.ts'
export { UsageAnswer, UsageFigures, UsageQuery, UsageTotals } from './usage.ts'
export {
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
