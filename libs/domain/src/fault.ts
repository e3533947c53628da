import type { DiagnosisCode } from './usage/diagnoses.ts'

/** Whose fault a refusal is. It decides failover, health figures, and who is woken up (`us`). */
type Blame = 'caller' | 'upstream' | 'us'

/** Every reason to refuse a call, as noun_state. A new one does not compile until `status-of.ts` maps it. */
export const blame = {
  body_malformed: 'caller',
  body_too_large: 'caller',
  content_type_unsupported: 'caller',
  request_invalid: 'caller',
  route_unknown: 'caller',
  method_not_allowed: 'caller',
  model_unknown: 'caller',
  object_unknown: 'caller',
  key_missing: 'caller',
  key_malformed: 'caller',
  key_invalid: 'caller',
  key_kind_wrong: 'caller',
  session_missing: 'caller',
  credentials_wrong: 'caller',
  email_unverified: 'caller',
  origin_foreign: 'caller',
  role_insufficient: 'caller',
  conflict: 'caller',
  credit_exhausted: 'caller',
  endpoints_excluded: 'caller',
  rate_limited: 'caller',
  context_length_exceeded: 'caller',
  content_refused: 'caller',
  request_refused_upstream: 'caller',
  own_credential_refused: 'caller',
  deadline_passed: 'caller',
  caller_gone: 'caller',
  upstream_unreachable: 'upstream',
  upstream_timeout: 'upstream',
  upstream_error: 'upstream',
  upstream_overloaded: 'upstream',
  upstream_rate_limited: 'upstream',
  upstream_garbled: 'upstream',
  upstream_cut: 'upstream',
  upstream_empty: 'upstream',
  upstream_credential_refused: 'upstream',
  upstream_model_missing: 'upstream',
  auth_unavailable: 'us',
  billing_unavailable: 'us',
  store_unavailable: 'us',
  no_healthy_provider: 'us',
  overloaded: 'us',
  shutting_down: 'us',
  internal: 'us',
} as const satisfies Record<string, Blame>

export type FaultCode = keyof typeof blame

/** Facts beside the message. What is named here may be shown to the caller; `detail` and `cause` never are. */
interface FaultFacts {
  /** The parameter that is wrong, as a path into the body: `messages[2].content`. */
  readonly param?: string
  /** Earliest sensible retry, milliseconds. */
  readonly retryAfterMs?: number
  /** Tenant-safe extras for `error.metadata`. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** What is wrong, where it is known better than by the code; for the pages of the console. */
  readonly diagnosis?: DiagnosisCode
  /** The name that the diagnosis is about, such as the nearest model. */
  readonly diagnosisAbout?: string
  /** Field errors nested in the form's shape, for the console. */
  readonly fields?: Readonly<Record<string, unknown>>
  /** For our logs only. Must not hold prompts, keys or tokens. */
  readonly detail?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** Refuses a call. `message` is written for the person who made it: what is wrong and what to do. */
export class Fault extends Error {
  constructor(
    readonly code: FaultCode,
    message: string,
    readonly facts: FaultFacts = {},
  ) {
    super(message, { cause: facts.cause })
    this.name = 'Fault'
  }

  get blame(): Blame {
    return blame[this.code]
  }
}

/** Characters of a name that a message or `param` repeats: an answer never grows with what a caller sends. */
const NAME_LENGTH_MAX = 64

/** A name that a caller made up, short enough to be repeated: at most `NAME_LENGTH_MAX` characters. */
export function cutName(name: string): string {
  return name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX - 1)}…` : name
}

/** Whatever was thrown, as a Fault; what is unexpected is our bug and says nothing of its inside. */
export function asFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  return new Fault('internal', 'Something went wrong on our side. The request id helps us find it.', { cause: thrown })
}
