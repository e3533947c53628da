import { Fault } from '@turnpike/domain'
import { proofOf, type Adapter, type Proof } from '@turnpike/providers'
import type { Egress } from '@turnpike/server'
import type { OwnTestResult } from '@turnpike/store'

/** A secret to test, and the provider or endpoint that it belongs to. */
export interface CredentialTest {
  /** Restricted where the tenant wrote the address. */
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

/** Nothing of an answer's body is in it. */
export interface TestOutcome {
  readonly result: OwnTestResult
  /** Null: there was no answer. */
  readonly status: number | null
  /** For the tenant. */
  readonly message: string
}

/** A person waits for it. Both requests together, bodies too. */
const TEST_MS_MAX = 5_000
/** Of an error's body, to classify it. */
const BODY_BYTES_MAX = 65_536

/**
 * Requests the list of models, which costs nothing. A provider that accepted the secret is asked once more without one: if it shows its
 * list to anybody, nothing is proven.
 */
export async function testCredential(test: CredentialTest): Promise<TestOutcome> {
  const endMs = performance.now() + TEST_MS_MAX
  const seen = await listModels(test, test.secret, TEST_MS_MAX)
  if (seen.proof === 'none') return { result: 'unreachable', status: null, message: seen.message }
  const { proof, status } = seen
  if (proof === 'ok' && test.kind === 'provider') {
    const restMs = Math.round(endMs - performance.now())
    const bare = restMs < REST_MS_MIN ? null : await listModels(test, '', restMs)
    if (bare?.proof === 'ok') return { result: 'unknown', status, message: OPEN_LIST(test.name) }
  }
  return { result: proof, status, message: WORDS[test.kind][proof](test.name, status) }
}

/** With less time than this left the second request is not made. */
const REST_MS_MIN = 100

type Listing = { readonly proof: Proof; readonly status: number } | { readonly proof: 'none'; readonly message: string }

async function listModels(
  { egress, adapter, baseUrl, name }: CredentialTest,
  secret: string,
  timeoutMs: number,
): Promise<Listing> {
  try {
    const reply = await egress.get({ baseUrl, timeoutMs, ...adapter.whoAmI(secret) })
    const body = await reply.text(BODY_BYTES_MAX).catch(() => '')
    return { proof: proofOf(reply.status, body), status: reply.status }
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    const { code, facts, message } = thrown
    if (code === 'upstream_timeout') {
      return { proof: 'none', message: `${name} did not answer within ${TEST_MS_MAX / 1_000} s.` }
    }
    return { proof: 'none', message: isRefusal(facts.detail) ? message : `${name} could not be reached.` }
  }
}

/** The egress guard's message is written for the tenant. */
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
