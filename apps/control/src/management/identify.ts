import { Fault, type Caller, type Lookup } from '@turnpike/domain'
import { checkKey, type KeySecrets } from '@turnpike/store'

/** Finds the caller for a key that is genuine by its tag. */
export type FindCaller = (digest: Buffer) => Promise<Lookup<Caller>>

/** What arrives with a request to say who made it. */
export interface Credentials {
  readonly authorization?: string | undefined
  readonly 'x-api-key'?: string | string[] | undefined
}

/**
 * Management key in, caller out, by the gateway's rules: 401 is proof that the key is not valid, 403 that it is valid and of
 * the wrong kind, and whatever could not be decided is 503 `auth_unavailable`.
 * @param nowMs wall clock, for the key's own expiry
 */
export async function identify(
  credentials: Credentials,
  secrets: KeySecrets,
  find: FindCaller,
  nowMs: number,
): Promise<Caller> {
  const checked = checkKey(secrets, presented(credentials))
  if (checked.kind === 'malformed') {
    throw new Fault('key_malformed', 'This is not a Turnpike key. Management keys begin with tp_mgmt_.')
  }
  if (checked.kind === 'forged') throw invalid()
  if (checked.kind === 'unknown_secret') throw unavailable({ secretId: checked.secretId })
  const looked = await find(checked.digest)
  if (looked.kind === 'unknown') throw unavailable({}, looked.cause)
  if (looked.kind === 'absent') throw invalid()
  const caller = looked.value
  if (caller.revoked || (caller.expiresAtMs !== null && caller.expiresAtMs <= nowMs)) throw invalid()
  if (caller.kind !== 'mgmt') {
    throw new Fault(
      'key_kind_wrong',
      'Only management keys (tp_mgmt_) can manage keys. An owner or admin makes one in the console.',
    )
  }
  return caller
}

/** The key as sent, by either header; Fault `key_missing` when there is none. */
function presented(credentials: Credentials): string {
  const bearer = /^bearer +(.*)$/i.exec(credentials.authorization ?? '')?.[1]
  const apiKey = credentials['x-api-key']
  const key = (bearer ?? (Array.isArray(apiKey) ? apiKey[0] : apiKey) ?? '').trim()
  if (key === '') {
    throw new Fault('key_missing', 'No key was sent. Use the header "Authorization: Bearer <your management key>".')
  }
  return key
}

/** One answer for forged, unknown, revoked and expired, so that it tells an outsider nothing. */
function invalid(): Fault {
  return new Fault('key_invalid', 'This key is not valid: it was revoked, has expired or never existed.')
}

function unavailable(detail: Record<string, unknown>, cause?: unknown): Fault {
  return new Fault(
    'auth_unavailable',
    'Your key could not be checked just now. This is our fault, not your key’s; please retry.',
    { detail, cause },
  )
}
