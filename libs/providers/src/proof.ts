import { explain } from './explain.ts'

/**
 * What an answer to `whoAmI` says of the credential. `ok`: taken, unless the provider answers everybody. `refused`: not taken.
 * `limited`: come again later. `unknown`: nothing, as when the provider has no list of models.
 */
export type Proof = 'ok' | 'refused' | 'limited' | 'unknown'

/** Reads a status and the beginning of a body, which may be anything. Never throws. */
export function proofOf(status: number, body: string): Proof {
  if (status >= 200 && status < 300) return 'ok'
  if (status < 400) return 'unknown'
  // A credential that may answer prompts and not list models is refused here and works elsewhere.
  if (NARROW.test(body)) return 'unknown'
  const { code } = explain(status, body)
  if (code === 'upstream_credential_refused') return 'refused'
  return code === 'upstream_rate_limited' ? 'limited' : 'unknown'
}

const NARROW = /missing scopes|insufficient permissions for this operation/i
