import { Fault } from '@turnpike/domain'
import { proofOf, type Adapter, type Proof } from '@turnpike/providers'
import type { Egress } from '@turnpike/server'
import type { OwnTestResult } from '@turnpike/store'

/** A secret and where it belongs. */
export interface CredentialTest {
  /** The guarded one where the tenant wrote the address. */
  readonly egress: Pick<Egress, 'get'>
  readonly adapter: Adapter
  readonly baseUrl: string
  /** Empty: it asks for none. */
  readonly secret: string
  /** A provider of the catalogue, or an endpoint of the tenant's own. */
  readonly kind: 'provider' | 'endpoint'
  /** As people know it. */
  readonly name: string
}

/** What a trial found. Nothing of an answer's body is in it. */
export interface Finding {
  readonly result: OwnTestResult
  /** Null: there was no answer. */
  readonly status: number | null
  /** For the tenant. */
  readonly message: string
}

/** Someone waits at a button. Both looks together, bodies too. */
const TRIAL_MS_MAX = 5_000
/** Of an error's body, to tell what it is about. */
const BODY_BYTES_MAX = 65_536

/**
 * Asks for the list of models, which costs nothing, and tells what that says of the secret. Some providers show their list to
 * anybody: one that takes the secret is asked once more without any, and proves nothing when it does not mind.
 */
export async function testCredential(trial: CredentialTest): Promise<Finding> {
  const endMs = performance.now() + TRIAL_MS_MAX
  const seen = await look(trial, trial.secret, TRIAL_MS_MAX)
  if (seen.proof === 'none') return { result: 'unreachable', status: null, message: seen.message }
  const { proof, status } = seen
  if (proof === 'ok' && trial.kind === 'provider') {
    const restMs = Math.round(endMs - performance.now())
    const bare = restMs < REST_MS_MIN ? null : await look(trial, '', restMs)
    if (bare?.proof === 'ok') return { result: 'unknown', status, message: OPEN_LIST(trial.name) }
  }
  return { result: proof, status, message: WORDS[trial.kind][proof](trial.name, status) }
}

/** With less time than this left nobody can be asked anything. */
const REST_MS_MIN = 100

type Seen = { readonly proof: Proof; readonly status: number } | { readonly proof: 'none'; readonly message: string }

async function look(
  { egress, adapter, baseUrl, name }: CredentialTest,
  secret: string,
  timeoutMs: number,
): Promise<Seen> {
  try {
    const reply = await egress.get({ baseUrl, timeoutMs, ...adapter.whoAmI(secret) })
    const body = await reply.text(BODY_BYTES_MAX).catch(() => '')
    return { proof: proofOf(reply.status, body), status: reply.status }
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    const { code, facts, message } = thrown
    if (code === 'upstream_timeout') {
      return { proof: 'none', message: `${name} did not answer within ${TRIAL_MS_MAX / 1_000} s.` }
    }
    return { proof: 'none', message: isRefusal(facts.detail) ? message : `${name} could not be reached.` }
  }
}

/** The guard says which rule forbids an address, in words that are meant for the tenant. */
function isRefusal(detail: unknown): boolean {
  return typeof detail === 'object' && detail !== null && 'code' in detail && detail.code === 'EGRESS_REFUSED'
}

const OPEN_LIST = (name: string): string =>
  `${name} shows its models to anybody, so that nothing is proven. The first request will tell.`

type Words = Readonly<Record<Proof, (name: string, status: number) => string>>

const LIMITED = (name: string): string => `${name} asks to come again later (429), which says nothing of the key.`

const WORDS: Readonly<Record<CredentialTest['kind'], Words>> = {
  provider: {
    ok: (name) => `${name} takes this key.`,
    refused: (name, status) => `${name} does not take this key (${status}).`,
    limited: LIMITED,
    unknown: (name, status) =>
      `${name} answered with ${status}, which says nothing of the key. The first request will tell.`,
  },
  endpoint: {
    ok: (name) => `${name} answers.`,
    refused: (name, status) => `${name} answers and does not take the secret (${status}).`,
    limited: LIMITED,
    unknown: (name, status) =>
      `${name} answered with ${status} when asked for its models. The first request will tell whether it serves.`,
  },
}
