import type { DiagnosisCode } from '@turnpike/domain'

/** What was wrong with a refused request, and how to mend it. Those with a name have a second text. */
export const diagnosesEn = {
  base_url_without_v1: 'The base URL needs /api/v1 at its end.',
  base_url_with_v1_twice: 'The path has /v1 twice. The SDK adds it; leave it out of the base URL.',
  console_address: 'The request went to the address of the console. Use the base URL above.',
  dialect_unsupported: 'The path belongs to another API. Send the OpenAI format to /chat/completions.',
  provider_key: 'A provider’s own key was sent. Send your Turnpike key, which begins with tp_live_ or tp_test_.',
  key_damaged: 'The key was changed on its way. Copy it again, complete and without spaces.',
  key_missing: 'No key was sent. Use the header Authorization: Bearer tp_live_…',
  key_not_in_force: 'The key was revoked, has expired or was deleted. Create a new one.',
  model_unknown: 'No model has that name. Choose one from the models page, like author/model.',
  model_unknown_about: 'No model has that name. Did you mean %{about}?',
  parameter_invalid: 'A field of the request is invalid.',
  parameter_invalid_about: 'The field %{about} is invalid. The answer to the request says why.',
  test_key: 'A test key calls simulated providers only. Use a live key, or a model with simulated providers.',
  simulated_funds: 'Simulated credit pays for simulated providers only. Choose a model that has one.',
} as const satisfies Record<DiagnosisCode, string> & Record<string, string>
