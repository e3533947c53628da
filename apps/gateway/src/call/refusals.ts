import { diagnosisOf, NO_USAGE, type Caller, type Fault, type RequestId, type TenantId } from '@turnpike/domain'
import { statusOf } from '@turnpike/server'
import type { RefusalNotice, UsageRecord } from '@turnpike/store'

/** Rows per second and tenant: enough for a person who tries things out; a program that repeats its mistake adds nothing to them. */
const TENANT_ROWS_MAX = 5
/** Rows per second of all tenants: a small part of what the journal takes. */
const ROWS_MAX = 200
/** Notices per second: each is a query of its own. */
const NOTICES_MAX = 10
/** Notices per second to one address, which is shown the newest only. */
const ADDRESS_NOTICES_MAX = 2
const SECOND_MS = 1_000

/** A request that was refused before it became a call. */
export interface Refused {
  readonly id: RequestId
  readonly beganAtMs: number
  /** Milliseconds from its beginning to its refusal. */
  readonly totalMs: number
  readonly kind: UsageRecord['kind']
  readonly requestedModel: string
  readonly countedModel: string
  readonly streamed: boolean
}

interface RefusalsOptions {
  /** Takes a row that was never begun. May reject. */
  readonly record: (record: UsageRecord) => Promise<void>
  /** May reject. */
  readonly notify: (notice: RefusalNotice) => Promise<void>
  /** Monotonic clock, milliseconds. */
  readonly nowMs: () => number
}

/**
 * Shows people what was refused: those of a known caller as rows, without money and without a reservation, others as a notice to consoles
 * at the same network address. Both are limited per second; what is beyond is counted. Nothing here fails or delays an answer.
 */
export class Refusals {
  readonly #rows: PerSecond<TenantId>
  readonly #notices: PerSecond<string>
  #dropped = 0

  constructor(private readonly options: RefusalsOptions) {
    this.#rows = new PerSecond(ROWS_MAX, TENANT_ROWS_MAX, options.nowMs)
    this.#notices = new PerSecond(NOTICES_MAX, ADDRESS_NOTICES_MAX, options.nowMs)
  }

  /** Refusals that are neither a row nor a notice. */
  get dropped(): number {
    return this.#dropped
  }

  /** Records a refusal of a caller whose key was accepted. */
  record(refused: Refused, caller: Caller, fault: Fault): void {
    if (this.#rows.take(caller.tenantId)) this.options.record(rowOf(refused, caller, fault)).catch(this.#drop)
    else this.#dropped++
  }

  /** Shows a refusal that belongs to nobody to consoles at its address. The names that its caller wrote stay out of the notice. */
  show(address: string, atMs: number, fault: Fault): void {
    const diagnosis = diagnosisOf(fault)
    if (!diagnosis) return
    if (this.#notices.take(address)) this.options.notify({ address, code: diagnosis.code, atMs }).catch(this.#drop)
    else this.#dropped++
  }

  readonly #drop = (): void => void this.#dropped++
}

/** Counts within the current second, in all and by subject. Keeps no more subjects than it grants. */
class PerSecond<Subject> {
  readonly #counts = new Map<Subject, number>()
  #sinceMs = Number.NEGATIVE_INFINITY
  #total = 0

  constructor(
    private readonly totalMax: number,
    private readonly subjectMax: number,
    private readonly nowMs: () => number,
  ) {}

  /** @returns whether one more is within the limits */
  take(subject: Subject): boolean {
    const nowMs = this.nowMs()
    if (nowMs - this.#sinceMs >= SECOND_MS) {
      this.#sinceMs = nowMs
      this.#total = 0
      this.#counts.clear()
    }
    const count = this.#counts.get(subject) ?? 0
    if (this.#total >= this.totalMax || count >= this.subjectMax) return false
    this.#total++
    this.#counts.set(subject, count + 1)
    return true
  }
}

function rowOf(refused: Refused, caller: Caller, fault: Fault): UsageRecord {
  const { id, beganAtMs, totalMs, kind, requestedModel, countedModel, streamed } = refused
  const { tenantId, workspaceId, keyId, funds } = caller
  return {
    ...{ requestId: id, tenantId, workspaceId, keyId, funds, beganAtMs, kind, requestedModel, streamed },
    countedModel,
    ...{ preset: null, endUser: null, model: null, provider: null, endpoint: null, owner: null },
    status: statusOf[fault.code].status,
    fault: fault.code,
    diagnosis: diagnosisOf(fault),
    ...{ finishReason: null, nativeFinish: null, cancelled: fault.code === 'caller_gone', usage: NO_USAGE },
    ...{ costNanoUsd: 0n, upstreamCostNanoUsd: 0n, priceVersion: null, firstTokenMs: null, totalMs },
    ...{ attempts: [], decision: null, features: null },
  }
}
