import type { FaultCode } from '@turnpike/domain'

/** Was schiefging und was zu tun ist, für jeden Grund, den das Gateway nennen kann. */
export const faultsDe = {
  body_malformed: 'Der Inhalt war kein gültiges JSON. Prüfe Anführungszeichen und Kommas, und ob alles gesendet wurde.',
  body_too_large:
    'Der Inhalt war größer, als das Gateway annimmt. Sende weniger, oder verlinke Bilder, statt sie einzubetten.',
  content_type_unsupported:
    'Der Inhalt wurde nicht als JSON gesendet. Setze den Header content-type: application/json.',
  request_invalid: 'Ein Feld der Anfrage war falsch. Die Meldung nennt das Feld.',
  route_unknown: 'Unter dieser Adresse gibt es nichts. Die Basis-URL endet auf /v1, den Rest ergänzt das SDK.',
  method_not_allowed: 'Die Adresse gibt es, aber nicht für diese Methode. Completions werden mit POST gesendet.',
  model_unknown: 'Kein Modell heißt so. Wähle eines aus der Liste der Modelle; Namen sehen aus wie autor/modell.',
  object_unknown: 'Hier gibt es nichts mit dieser Kennung.',
  key_missing: 'Es wurde kein Schlüssel gesendet. Er gehört in den Header Authorization: Bearer tp_live_…',
  key_malformed:
    'Das ist kein Turnpike-Schlüssel. Vielleicht ist es der eines Anbieters, oder er wurde beim Kopieren gekürzt.',
  key_invalid: 'Der Schlüssel gilt nicht: Er wurde widerrufen, ist abgelaufen oder hat nie existiert.',
  key_kind_wrong: 'Der Schlüssel ist von der falschen Art für diesen Aufruf.',
  session_missing: 'Du bist abgemeldet. Melde dich wieder an.',
  credentials_wrong: 'Die E-Mail-Adresse oder das Passwort stimmt nicht.',
  email_unverified: 'Deine E-Mail-Adresse ist noch nicht bestätigt.',
  origin_foreign: 'Der Aufruf kam nicht aus der Konsole selbst.',
  role_insufficient: 'Deine Rolle erlaubt das nicht. Ein Inhaber oder Admin kann es tun oder deine Rolle ändern.',
  conflict: 'Das ist schon geschehen, oder jemand hat es inzwischen geändert.',
  credit_exhausted: 'Das Guthaben ist aufgebraucht, deshalb wurde die Anfrage nicht weitergeleitet.',
  endpoints_excluded: 'Deine Richtlinie oder die Anfrage selbst hat alle Anbieter dieses Modells ausgeschlossen.',
  rate_limited: 'Zu viele Anfragen in kurzer Zeit. Warte einen Moment und versuche es noch einmal.',
  context_length_exceeded:
    'Der Prompt ist länger als der Kontext des Modells. Kürze ihn oder wähle ein größeres Modell.',
  content_refused: 'Die Moderation des Anbieters hat den Inhalt abgelehnt.',
  request_refused_upstream: 'Der Anbieter hat die Anfrage so nicht angenommen. Seine Meldung sagt, was zu ändern ist.',
  deadline_passed: 'Die Zeit, die der Aufrufer erlaubt hat, war vor der Antwort um.',
  caller_gone: 'Der Aufrufer hat aufgelegt, bevor die Antwort vollständig war.',
  upstream_unreachable: 'Der Anbieter war nicht erreichbar.',
  upstream_timeout: 'Der Anbieter hat nicht rechtzeitig geantwortet.',
  upstream_error: 'Der Anbieter hat mit einem eigenen Fehler geantwortet.',
  upstream_overloaded: 'Der Anbieter hatte keine Kapazität mehr.',
  upstream_rate_limited: 'Der Anbieter hat unsere Anfragen begrenzt.',
  upstream_garbled: 'Die Antwort des Anbieters war nicht lesbar.',
  upstream_cut: 'Die Antwort des Anbieters ist abgebrochen.',
  upstream_empty: 'Die Antwort des Anbieters war zu Ende, ohne etwas zu enthalten.',
  upstream_credential_refused: 'Der Anbieter hat unsere Zugangsdaten nicht angenommen.',
  own_credential_refused:
    'Der Anbieter hat deine eigenen Zugangsdaten nicht angenommen. Ersetze das Geheimnis unter Anbieterschlüssel, oder schalte ihn ab.',
  upstream_model_missing: 'Der Anbieter führt dieses Modell nicht mehr.',
  auth_unavailable: 'Dein Schlüssel ließ sich gerade nicht prüfen. Der Fehler liegt bei uns; versuche es noch einmal.',
  billing_unavailable:
    'Dein Guthaben ließ sich gerade nicht prüfen. Der Fehler liegt bei uns; versuche es noch einmal.',
  store_unavailable: 'Unsere Datenbank hat nicht geantwortet. Der Fehler liegt bei uns; versuche es noch einmal.',
  no_healthy_provider:
    'Zurzeit läuft kein Anbieter dieses Modells. Versuche es noch einmal, oder nenne ein zweites Modell.',
  overloaded: 'Das Gateway hatte mehr zu tun, als es konnte. Der Fehler liegt bei uns; versuche es noch einmal.',
  shutting_down: 'Dieses Gateway wurde gerade neu gestartet. Versuche es noch einmal.',
  internal: 'Bei uns ist etwas schiefgegangen. Mit der Anfragekennung finden wir es.',
} as const satisfies Record<FaultCode, string>
