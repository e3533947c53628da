import { Fault, shownName, type OwnCredential, type OwnEndpoint } from '@turnpike/domain'
import type { Incoming } from '@turnpike/server'
import type { Target } from '../targets/target.ts'

/** Enough of a provider's error to explain it. */
export const ERROR_BYTES_MAX = 64 * 1024
/** A longer hint is cut to this: it may be a daily quota, or a mistake. */
const RETRY_AFTER_MS_MAX = 300_000

/** The fault of a provider's refusal, with its hint when to retry. */
export async function refusedBy(target: Target, reply: Incoming): Promise<Fault> {
  const body = await reply.text(ERROR_BYTES_MAX).catch(() => '')
  const fault = target.adapter.explain(reply.status, body)
  const retryAfterMs = fault.facts.retryAfterMs ?? hintOf(reply, Date.now())
  return new Fault(fault.code, fault.message, {
    ...fault.facts,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    detail: { ...fault.facts.detail, status: reply.status },
  })
}

/** A tenant's refused credential is the tenant's to mend; the fault names its last four characters or its id. */
export function onAccountOf(target: Target, fault: Fault): Fault {
  if (!target.own || fault.code !== 'upstream_credential_refused' || isUnopened(fault)) return fault
  const { id } = target.own
  const status = fault.facts.detail?.['status']
  const why = typeof status === 'number' ? ` (status ${status})` : ''
  const metadata = { ...fault.facts.metadata, provider: target.provider.slug, credential: id, is_byok: true }
  return new Fault(
    'own_credential_refused',
    `${shownName(target.provider)} refused ${nameOf(target, target.own)}${why}. ${WHAT_TO_DO}`,
    {
      ...fault.facts,
      metadata,
    },
  )
}

const WHAT_TO_DO =
  'Look after the account at the provider, or replace the credential under Provider keys in the console; a new one is used at once.'

/** Four characters would disclose too much of a shorter secret. */
const SECRET_CHARACTERS_MIN = 12

function nameOf(target: Target, own: OwnCredential | OwnEndpoint): string {
  if (own.sealed === null) return 'a request without a credential'
  const secret = target.secret()
  return secret.length < SECRET_CHARACTERS_MIN
    ? `your credential ${own.id}`
    : `your credential ending in ${secret.slice(-4)}`
}

/** The stored secret could not be opened, so that the provider never saw the request. */
function isUnopened({ facts }: Fault): boolean {
  return facts.detail?.['opened'] === false
}

/**
 * How long a refusal asks us to wait, milliseconds, 300,000 at most: `retry-after-ms`, else `retry-after` in seconds or as a date.
 * Undefined for no hint, for nonsense and for a time that is over. @param wallMs wall clock, milliseconds
 */
export function hintOf(reply: Pick<Incoming, 'header'>, wallMs: number): number | undefined {
  const precise = Number(reply.header('retry-after-ms'))
  if (precise > 0) return Math.min(precise, RETRY_AFTER_MS_MAX)
  const hint = reply.header('retry-after') ?? ''
  const seconds = Number(hint)
  // Words come before a date's digits; a bare negative number would be read as a year.
  const waitMs = Number.isNaN(seconds) && /^[a-z]{3}/i.test(hint) ? Date.parse(hint) - wallMs : seconds * 1_000
  return waitMs > 0 ? Math.min(waitMs, RETRY_AFTER_MS_MAX) : undefined
}
