import type { Messages } from '../en/en.ts'

/** Was an einer abgelehnten Anfrage falsch war, und was zu tun ist. */
export const diagnosesDe: Messages['diagnosis'] = {
  base_url_without_v1: 'Der Basis-URL fehlt /api/v1 am Ende.',
  base_url_with_v1_twice: 'Der Pfad enthält /v1 zweimal. Das SDK ergänzt es; lass es in der Basis-URL weg.',
  console_address: 'Die Anfrage ging an die Adresse der Konsole. Nutze die Basis-URL oben.',
  dialect_unsupported: 'Der Pfad gehört zu einer anderen API. Sende das OpenAI-Format an /chat/completions.',
  provider_key:
    'Gesendet wurde der Schlüssel eines Anbieters. Sende deinen Turnpike-Schlüssel; er beginnt mit tp_live_ oder tp_test_.',
  key_damaged: 'Der Schlüssel wurde unterwegs verändert. Kopiere ihn erneut, vollständig und ohne Leerzeichen.',
  key_missing: 'Es wurde kein Schlüssel gesendet. Nutze den Header Authorization: Bearer tp_live_…',
  key_not_in_force: 'Der Schlüssel wurde widerrufen, ist abgelaufen oder wurde gelöscht. Erstelle einen neuen.',
  model_unknown: 'Kein Modell heißt so. Wähle eines von der Seite Modelle, etwa autor/modell.',
  model_unknown_about: 'Kein Modell heißt so. Meintest du %{about}?',
  parameter_invalid: 'Ein Feld der Anfrage ist ungültig.',
  parameter_invalid_about: 'Das Feld %{about} ist ungültig. Die Antwort auf die Anfrage sagt, warum.',
  test_key:
    'Ein Test-Schlüssel ruft nur simulierte Anbieter auf. Nutze einen Live-Schlüssel oder ein Modell mit simulierten Anbietern.',
  simulated_funds: 'Simuliertes Guthaben bezahlt nur simulierte Anbieter. Wähle ein Modell, das einen hat.',
}
