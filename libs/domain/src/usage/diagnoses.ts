/** What is wrong with a refused request, where it is known: a closed list, for which every language of the console has a text. */
export const DIAGNOSES = [
  'base_url_without_v1',
  'base_url_with_v1_twice',
  'console_address',
  'dialect_unsupported',
  'provider_key',
  'key_damaged',
  'key_missing',
  'key_not_in_force',
  'model_unknown',
  'parameter_invalid',
  'test_key',
  'simulated_funds',
] as const

export type DiagnosisCode = (typeof DIAGNOSES)[number]
