/**
 * The closed lists of the domain, an entry of their own: an import of `@turnpike/domain/lists` brings words and no code. So the
 * browser and the simulated providers share the lists instead of copying them, and are sent no routing, no pricing and no schema.
 */
export { DIALECTS } from './chat.ts'
export { FAILURE_KINDS } from './failover.ts'
export { INNER_FIELDS, POLICY_FIELDS, POLICY_FIELD_NAMES } from './policy/fields.ts'
export {
  DEFAULT_FAILOVER,
  DISCONNECTS,
  OBJECTIVES,
  OWN_CAPACITIES,
  PERCENTILES,
  PRECISIONS,
  PRICE_PARTS,
  WEEKDAYS,
  WINDOWS_MAX,
} from './policy/policy.ts'
export { STAGES } from './route/decision.ts'
export { DIAGNOSES } from './usage/diagnoses.ts'
export { UNKNOWN_MODEL } from './usage/unknown-model.ts'
export { REQUEST_OUTCOMES } from './usage/outcome.ts'
export { USAGE_WARNINGS } from './usage/warnings.ts'
