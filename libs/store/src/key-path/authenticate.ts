import { Fault, type Caller, type DiagnosisCode, type Lookup } from '@turnpike/domain'
import { checkKey, type KeyCheck, type KeySecrets } from './seal.ts'

export type FindCaller = (digest: Buffer) => Promise<Lookup<Caller>>

/** What is refused by arithmetic, before any look-up. */
export type RefusedKey = Exclude<KeyCheck, { readonly kind: 'genuine' }>

/** What arrives with a request to say who made it. */
export interface PresentedKey {
  readonly authorization?: string | undefined
  readonly 'x-api-key'?: string | string[] | undefined
}

interface Authentication {
  readonly secrets: KeySecrets
  readonly find: FindCaller
  /** Wall clock, for the key's own expiry. */
  readonly nowMs: number
  /** Called with every key that is refused without a look-up. */
  readonly onRefused?: (checked: RefusedKey) => void
  /** How the keys that belong here begin, for the person who sent another one. */
  readonly prefixes: string
}

/**
 * Key in, caller out, before any byte of the body is read. A 401 is proof: the key is missing, mistyped, forged, revoked, expired or not in
 * the database. What could not be decided is 503 `auth_unavailable`.
 */
export async function authenticate(credentials: PresentedKey, options: Authentication): Promise<Caller> {
  const checked = checkKey(options.secrets, presented(credentials, options.prefixes))
  if (checked.kind !== 'genuine') options.onRefused?.(checked)
  if (checked.kind === 'malformed') {
    throw new Fault(
      'key_malformed',
      `This is not a Turnpike key. Keys begin with ${options.prefixes}; check for missing characters or spaces.`,
      { diagnosis: 'key_damaged' },
    )
  }
  if (checked.kind === 'forged') throw invalid('key_damaged')
  if (checked.kind === 'unknown_secret') throw unavailable({ detail: { secretId: checked.secretId } })
  const looked = await options.find(checked.digest)
  if (looked.kind === 'unknown') throw unavailable({ cause: looked.cause })
  if (looked.kind === 'absent') throw invalid()
  const caller = looked.value
  if (caller.revoked || (caller.expiresAtMs !== null && caller.expiresAtMs <= options.nowMs)) throw invalid()
  return caller
}

/** The key as sent, by either header; Fault `key_missing` when there is none. */
function presented(credentials: PresentedKey, prefixes: string): string {
  const bearer = /^bearer +(.*)$/i.exec(credentials.authorization ?? '')?.[1]
  const apiKey = credentials['x-api-key']
  const key = (bearer ?? (Array.isArray(apiKey) ? apiKey[0] : apiKey) ?? '').trim()
  if (key === '') {
    throw new Fault(
      'key_missing',
      'No key was sent. Use the header "Authorization: Bearer <your key>" or "x-api-key".',
      {
        diagnosis: 'key_missing',
      },
    )
  }
  if (/^sk-(?:ant-|proj-)?/.test(key)) {
    throw new Fault(
      'key_malformed',
      `This is a provider’s own key. Send your Turnpike key, which begins with ${prefixes}.`,
      { diagnosis: 'provider_key' },
    )
  }
  return key
}

/** One answer for forged, unknown, revoked and expired: an outsider learns nothing from it. The diagnosis is not in the answer. */
function invalid(diagnosis: DiagnosisCode = 'key_not_in_force'): Fault {
  return new Fault(
    'key_invalid',
    'This key is not valid: it was revoked, has expired or never existed. Make a new one in the console.',
    { diagnosis },
  )
}

function unavailable(facts: { readonly detail?: Record<string, unknown>; readonly cause?: unknown }): Fault {
  return new Fault(
    'auth_unavailable',
    'Your key could not be checked just now. This is our fault, not your key’s; please retry.',
    facts,
  )
}
