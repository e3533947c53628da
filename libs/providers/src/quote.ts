/** Characters of a provider's message that a caller is shown. Enough for any honest explanation. */
export const QUOTE_CHARACTERS_MAX = 500

const REMOVED = '[removed]'

/** What is thrown away before a provider's words reach a tenant; each is replaced whole. */
const SECRETS: readonly RegExp[] = [
  // A name and its value: `api_key=…`, `"authorization": "Bearer …"`.
  /(?:api[-_ ]?key|access[-_ ]?token|authorization|password|secret|[?&](?:key|token|sig|signature))["']?\s*[:=]\s*["']?(?:bearer\s+)?[^\s"',&]+/gi,
  /\bbearer\s+[^\s"',]+/gi,
  // User and password inside a URL.
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/@]{1,200}@/gi,
  // The prefixes that providers give their keys, masked ones included.
  /\b(?:sk|pk|rk|gsk|csk|xai|fw|hf|tgp|nvapi|AIza|ya29|AKIA|tp)[-_.]?(?:[\w*.-]{0,20}[-_.])?[\w*.-]{8,}/g,
  // Any other long unbroken run that mixes letters and digits.
  /\b(?=[a-z_]*\d)(?=\d*[a-z_])\w{28,}/gi,
]

/** A provider's message for a tenant: one line, without keys, at most `QUOTE_CHARACTERS_MAX` characters. */
export function quote(message: string): string {
  // Cut first, with room for what is removed, so that the cost is bounded whatever arrives.
  let text = message.slice(0, QUOTE_CHARACTERS_MAX * 2)
  // oxlint-disable-next-line no-control-regex
  text = text.replace(/[\u0000-\u001f\u007f]+/g, ' ')
  for (const secret of SECRETS) text = text.replace(secret, REMOVED)
  text = text.trim()
  return text.length > QUOTE_CHARACTERS_MAX ? `${text.slice(0, QUOTE_CHARACTERS_MAX - 1)}…` : text
}
