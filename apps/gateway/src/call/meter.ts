import {
  asFault,
  cost as priceOf,
  countsAgainstHealth,
  failureKind,
  NO_USAGE,
  ownerOf,
  type Attempt,
  type Decision,
  type Fault,
  type NanoUsd,
  type Outcome,
  type Usage,
} from '@turnpike/domain'
import { statusOf } from '@turnpike/server'
import type { BegunRequest, UsageRecord } from '@turnpike/store'
import type { Answer } from './answer.ts'
import { wasCancelled } from './attempt.ts'
import type { Call } from './call.ts'
import { warningsAbout } from './warnings.ts'
import type { HealthBook } from '../health/book.ts'
import type { Tally } from './tally.ts'

/** What one request came to, known before the last bytes leave. */
export interface Settled {
  readonly usage: Usage
  /** What the tenant is charged. */
  readonly cost: NanoUsd
  /** What the provider charges. */
  readonly upstreamCost: NanoUsd
  /** It went by an account of the tenant's own, who gets the provider's bill. */
  readonly isOwn: boolean
}

/** The journal as the meter needs it: a request is begun before dispatch, and ended with what happened. */
export interface Book {
  begin(begun: BegunRequest): void
  /** @param call what the record is of, for those who learn from more than is recorded */
  end(record: UsageRecord, call: Call): Promise<void>
}

/** Follows one call from dispatch to its end, and writes it down exactly once. */
export class Meter {
  readonly #call: Call
  readonly #begun: BegunRequest
  readonly #book: Book
  readonly #health: HealthBook
  readonly #nowMs: () => number
  #decision: Decision | null = null
  #answer: Answer | null = null
  #tally: Tally | null = null
  #ended = false

  /** Begins the record. Throws Fault `billing_unavailable` when nothing can be recorded: then nothing is served. */
  constructor(call: Call, book: Book, health: HealthBook, nowMs: () => number) {
    this.#call = call
    this.#book = book
    this.#health = health
    this.#nowMs = nowMs
    this.#begun = begunOf(call)
    book.begin(this.#begun)
  }

  /** The route that was chosen. */
  routed(decision: Decision): void {
    this.#decision = decision
  }

  /** A provider has begun; what it says is added up in `tally`. */
  answered(answer: Answer, tally: Tally): void {
    this.#answer = answer
    this.#tally = tally
  }

  /** The answer is complete: price it, write it down, note the endpoint's health. */
  async settle(): Promise<Settled> {
    const settled = this.#bill(null)
    this.#close('answered', null, true)
    const tokensPerSecond = this.#noteSuccess(settled.usage)
    await this.#end(settled, null, false, tokensPerSecond)
    return settled
  }

  /**
   * It went wrong or was called off. A fault of the provider or ours is free; a caller who left pays for what was reported or
   * seen to arrive. Returns the fault to tell.
   */
  async fail(thrown: unknown, committed: boolean): Promise<Fault> {
    const { disconnected } = this.#call
    const told = asFault(thrown)
    // An answer that was read for nobody ends early because nobody was there, whatever called it off.
    const fault = disconnected && wasCancelled(told) ? disconnected : told
    if (this.#ended) return fault
    if (this.#answer) {
      const isWhole = Boolean(disconnected && this.#tally?.finish)
      this.#close(fault.blame === 'caller' ? 'cancelled' : 'cut', fault, isWhole)
      const kind = failureKind(fault)
      if (kind && countsAgainstHealth(fault)) this.#note({ ok: false, kind })
    }
    await this.#end(this.#bill(fault), fault, committed)
    return fault
  }

  #bill(fault: Fault | null): Settled {
    const price = this.#answer?.target.endpoint.price
    const usage = this.#tally?.usage() ?? NO_USAGE
    if (!this.#answer || !price) return { usage, cost: 0n, upstreamCost: 0n, isOwn: false }
    const upstreamCost = priceOf(usage, price).total
    const empty = usage.completionTokens === 0 && !this.#tally?.finish?.native
    const free = empty || this.#tally?.finish?.reason === 'error' || (fault !== null && fault.blame !== 'caller')
    // On the tenant's own account the provider sends the tenant its bill.
    const isOwn =
      ownerOf(this.#call.attempts[this.#answer.attempt]?.endpoint ?? this.#answer.target.endpoint.id) !== null
    return { usage, cost: free || isOwn ? 0n : upstreamCost, upstreamCost, isOwn }
  }

  /** Completes the record of the attempt that answered. @param isWhole its answer was read to its end */
  #close(outcome: Attempt['outcome'], fault: Fault | null, isWhole: boolean): void {
    const call = this.#call
    const answer = this.#answer
    const tally = this.#tally
    const attempt = answer && call.attempts[answer.attempt]
    if (!answer || !tally || !attempt) return
    const endMs = Math.round(this.#nowMs() - call.startedMs)
    const usageWarnings = warningsAbout(call, answer, tally, isWhole)
    const code = fault?.code ?? null
    call.attempts[answer.attempt] = {
      ...attempt,
      endMs,
      outcome,
      fault: code,
      ...(usageWarnings.length > 0 && { usageWarnings }),
    }
  }

  /** Tells the router what this answer was like; gives the speed where the stream was long enough to have one. */
  #noteSuccess(usage: Usage): number | null {
    const attempt = this.#answer && this.#call.attempts[this.#answer.attempt]
    if (!attempt) return null
    const streamedMs = attempt.firstTokenMs === null ? 0 : attempt.endMs - attempt.firstTokenMs
    const tokensPerSecond =
      streamedMs > 0 && usage.completionTokens > 1 ? (usage.completionTokens * 1000) / streamedMs : null
    // How long the first token took was noted when it came.
    this.#note({ ok: true, firstTokenMs: null, tokensPerSecond })
    return tokensPerSecond
  }

  /** Notes how the attempt that answered came out. */
  #note(outcome: Outcome): void {
    const attempt = this.#answer && this.#call.attempts[this.#answer.attempt]
    if (!attempt) return
    const sinceMs = this.#call.startedMs + attempt.startMs
    const begun = attempt.firstTokenMs !== null
    this.#health.note(attempt.endpoint, { ...outcome, sinceMs, begun }, this.#nowMs())
  }

  async #end(
    settled: Settled,
    fault: Fault | null,
    committed: boolean,
    tokensPerSecond: number | null = null,
  ): Promise<void> {
    this.#ended = true
    this.#health.keep(this.#call.attempts, tokensPerSecond)
    await this.#book.end(this.#record(settled, fault, committed), this.#call)
  }

  #record({ usage, cost, upstreamCost }: Settled, fault: Fault | null, committed: boolean): UsageRecord {
    const call = this.#call
    const answered = this.#answer && call.attempts[this.#answer.attempt]
    const endpoint = this.#answer?.target.endpoint
    const begun = this.#begun
    // Field by field: spreading the beginning into so long a literal costs sixty microseconds instead of two.
    return {
      requestId: begun.requestId,
      tenantId: begun.tenantId,
      workspaceId: begun.workspaceId,
      keyId: begun.keyId,
      funds: begun.funds,
      beganAtMs: begun.beganAtMs,
      kind: begun.kind,
      requestedModel: begun.requestedModel,
      preset: begun.preset,
      endUser: begun.endUser,
      streamed: begun.streamed,
      model: endpoint?.model ?? null,
      provider: endpoint?.provider ?? null,
      endpoint: endpoint?.id ?? null,
      owner: answered ? ownerOf(answered.endpoint) : null,
      status: fault && !committed ? statusOf[fault.code].status : 200,
      fault: fault?.code ?? null,
      finishReason: this.#tally?.finish?.reason ?? null,
      nativeFinish: this.#tally?.finish?.native ?? null,
      cancelled: fault?.code === 'caller_gone',
      usage,
      costNanoUsd: cost,
      upstreamCostNanoUsd: upstreamCost,
      priceVersion: endpoint?.price?.version ?? null,
      firstTokenMs: answered?.firstTokenMs ?? null,
      totalMs: Math.round(this.#nowMs() - call.startedMs),
      attempts: call.attempts,
      decision: this.#decision,
      features: this.#decision && call.route,
    }
  }
}

function begunOf({ id, caller, beganAtMs, kind, requestedModel, preset, endUser, streamed }: Call): BegunRequest {
  const { tenantId, workspaceId, keyId, funds } = caller
  return {
    requestId: id,
    tenantId,
    workspaceId,
    keyId,
    funds,
    beganAtMs,
    kind,
    requestedModel,
    preset,
    endUser,
    streamed,
  }
}
