import { Fault, type Caller, type Lookup } from '@turnpike/domain'
import { checkKey, type KeyCheck, type KeySecrets } from '@turnpike/store'

/** Finds the caller for a key that is genuine by its tag. */
export type FindCaller = (digest: Buffer) => Promise<Lookup<Caller>>

/** What is refused by arithmetic, before any look-up. */
export type Refused = Exclude<KeyCheck, { readonly kind: 'genuine' }>

/** What arrives with a request to say who made it. */
export interface Credentials {
  readonly authorization?: string | undefined
  readonly 'x-api-key'?: string | string[] | undefined
}

/**
 * Key in, caller out, before any byte of the body is read. A 401 is proof: the key is missing, mistyped, forged, revoked,
 * expired or not in the database. Whatever could not be decided is 503 `auth_unavailable`.
 * @param nowMs wall clock, for the key's own expiry
 * @param onRefused hears of every key that is not looked up
 */
export async function identify(
  credentials: Credentials,
  secrets: KeySecrets,
  find: FindCaller,
  nowMs: number,
  onRefused: (checked: Refused) => void,
): Promise<Caller> {
  const checked = checkKey(secrets, presented(credentials))
  if (checked.kind !== 'genuine') onRefused(checked)
  if (checked.kind === 'malformed') {
    throw new Fault(
      'key_malformed',
      'This is not a Turnpike key. Keys begin with tp_live_ or tp_test_; check for missing characters or spaces.',
    )
  }
  if (checked.kind === 'forged') throw invalid()
  if (checked.kind === 'unknown_secret') throw unavailable({ secretId: checked.secretId })
  const looked = await find(checked.digest)
  if (looked.kind === 'unknown') throw unavailable(undefined, looked.cause)
  if (looked.kind === 'absent') throw invalid()
  const caller = looked.value
  if (caller.revoked || (caller.expiresAtMs !== null && caller.expiresAtMs <= nowMs)) throw invalid()
  return caller
}

/** The key as sent, by either header; Fault `key_missing` when there is none. */
function presented(credentials: Credentials): string {
  const bearer = /^bearer +(.*)$/i.exec(credentials.authorization ?? '')?.[1]
  const apiKey = credentials['x-api-key']
  const key = (bearer ?? (Array.isArray(apiKey) ? apiKey[0] : apiKey) ?? '').trim()
  if (key === '') {
    throw new Fault('key_missing', 'No key was sent. Use the header "Authorization: Bearer <your key>" or "x-api-key".')
  }
  if (/^sk-(?:ant-|proj-)?/.test(key)) {
    throw new Fault(
      'key_malformed',
      'This is a provider’s own key. Send your Turnpike key, which begins with tp_live_ or tp_test_.',
    )
  }
  return key
}

/** One answer for forged, unknown, revoked and expired, so that it tells an outsider nothing. */
function invalid(): Fault {
  return new Fault(
    'key_invalid',
    'This key is not valid: it was revoked, has expired or never existed. Make a new one in the console.',
  )
}

function unavailable(detail?: Record<string, unknown>, cause?: unknown): Fault {
  return new Fault(
    'auth_unavailable',
    'Your key could not be checked just now. This is our fault, not your key’s; please retry.',
    {
      ...(detail && { detail }),
      cause,
    },
  )
}
