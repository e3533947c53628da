import { countsAgainstHealth, failureKind, type Fault, type FaultCode, type TenantId } from '@turnpike/domain'
import { upstreamStatusOf } from '../call/attempt.ts'
import type { ConnectDependencies } from './dependencies.ts'
import type { Target } from '../targets/target.ts'

/** Cooldown of an endpoint whose credential was refused, as it is for all requests that follow. */
const REFUSED_CREDENTIAL_MS = 10_000
/** An account that is unknown or empty. 403 may also be about one request. */
const ACCOUNT_STATUSES: readonly (number | null)[] = [401, 402]
/** A tenant's own credential that does not work has the same cooldown, whatever the status. */
const CREDENTIAL_FAULTS: readonly FaultCode[] = ['own_credential_refused', 'upstream_credential_refused']

interface FailedAttempt {
  readonly tenantId: TenantId
  readonly target: Target
  readonly fault: Fault
  /** When the attempt began, monotonic clock. */
  readonly startedMs: number
  readonly isProbe: boolean
  /** A limit of the tenant's own ended it, earlier than the operator's would have. */
  readonly ownLimit: boolean
}

/** What a failure says of its target and account. */
export function noteFailure(
  { tenantId, target: { id, account, own }, fault, startedMs: sinceMs, isProbe, ownLimit }: FailedAttempt,
  { health, throttle, nowMs }: Pick<ConnectDependencies, 'health' | 'throttle' | 'nowMs'>,
): void {
  const kind = failureKind(fault)
  if (kind && countsAgainstHealth(fault)) {
    throttle.failed(account, tenantId)
    return health.note(id, { ok: false, kind, sinceMs, ownLimit }, nowMs())
  }
  if (fault.code === 'upstream_rate_limited') {
    const { retryAfterMs } = fault.facts
    return health.startCooldown(id, retryAfterMs === undefined ? null : nowMs() + retryAfterMs, nowMs())
  }
  if (own && CREDENTIAL_FAULTS.includes(fault.code)) {
    return health.refused(id, own.version, fault, nowMs() + REFUSED_CREDENTIAL_MS, nowMs())
  }
  if (fault.code === 'upstream_credential_refused' && ACCOUNT_STATUSES.includes(upstreamStatusOf(fault))) {
    return health.startCooldown(id, nowMs() + REFUSED_CREDENTIAL_MS, nowMs())
  }
  if (isProbe) health.release(id)
}
