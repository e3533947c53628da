import {
  asFault,
  cost as priceOf,
  countsAgainstHealth,
  diagnosisOf,
  failureKind,
  NO_USAGE,
  ownerOf,
  type Attempt,
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
import type { Progress } from './progress.ts'
import { warningsAbout } from './warnings.ts'
import type { CallHealth } from '../health/tenant-health.ts'
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

/** Where requests are recorded: begun before dispatch, and ended with what happened. */
export interface RequestLog {
  begin(begun: BegunRequest): void
  /** @param progress of the call that the record is of */
  end(record: UsageRecord, progress: Progress): Promise<void>
}

/** Fewer tokens come in one piece, whose speed is the network's. */
const MEASURED_TOKENS_MIN = 8
/** Of the time of a stream, spent waiting for its caller: beyond it the speed is the caller's. */
const WAITED_SHARE_MAX = 0.1

/** Follows one call from dispatch to its end, and records it exactly once. */
export class Meter {
  readonly #begun: BegunRequest
  #answer: Answer | null = null
  #tally: Tally | null = null
  #ended = false

  /** Throws Fault `billing_unavailable` when nothing can be recorded: then nothing is served. */
  constructor(
    private readonly progress: Progress,
    private readonly log: RequestLog,
    private readonly health: Pick<CallHealth, 'note' | 'keep'>,
    /** Monotonic clock. */
    readonly nowMs: () => number,
  ) {
    this.#begun = begunOf(progress.call)
    log.begin(this.#begun)
  }

  /** A provider has begun to answer; `tally` adds up its answer. */
  answered(answer: Answer, tally: Tally): void {
    this.#answer = answer
    this.#tally = tally
  }

  /** The answer is complete: prices it, notes the endpoint's health and records the call. */
  async settle(): Promise<Settled> {
    const settled = this.#bill(null)
    this.#close('answered', null, true)
    const tokensPerSecond = this.#noteSuccess(settled.usage)
    await this.#end(settled, null, false, tokensPerSecond)
    return settled
  }

  /** A fault of ours is free; a caller who disconnected pays for what arrived. @returns the fault to report */
  async fail(thrown: unknown, committed: boolean): Promise<Fault> {
    const { disconnected } = this.progress
    const ending = asFault(thrown)
    // A disconnect is what ends an answer that was read on, whatever cancelled it.
    const fault = disconnected && wasCancelled(ending) ? disconnected : ending
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
    const usage = this.#usage(fault)
    if (!this.#answer || !price) return { usage, cost: 0n, upstreamCost: 0n, isOwn: false }
    const upstreamCost = priceOf(usage, price).total
    const empty = usage.completionTokens === 0 && !this.#tally?.finish?.native
    const free = empty || this.#tally?.finish?.reason === 'error' || (fault !== null && fault.blame !== 'caller')
    const isOwn = ownerOf(this.#answer.target.id) !== null
    return { usage, cost: free || isOwn ? 0n : upstreamCost, upstreamCost, isOwn }
  }

  /**
   * The provider's report, else what arrived. A caller who leaves before the report came pays for the prompt as the gateway counted it:
   * the provider has read it and charges for it.
   */
  #usage(fault: Fault | null): Usage {
    const tally = this.#tally
    if (!tally) return NO_USAGE
    const usage = tally.usage()
    const isLeft = fault?.blame === 'caller' && tally.report.counts.promptTokens === undefined
    return isLeft ? { ...usage, promptTokens: this.progress.resolved.routeRequest.promptTokens } : usage
  }

  /** Completes the attempt that answered. @param isWhole its answer was read to its end */
  #close(outcome: Attempt['outcome'], fault: Fault | null, isWhole: boolean): void {
    const answer = this.#answer
    const tally = this.#tally
    if (!answer || !tally) return
    const usageWarnings = warningsAbout(this.progress, answer, tally, isWhole)
    this.progress.complete({
      endMs: Math.round(this.nowMs() - this.progress.call.startedMs),
      outcome,
      fault: fault?.code ?? null,
      ...(usageWarnings.length > 0 && { usageWarnings }),
    })
  }

  /** @returns tokens per second; null where the stream was too short to have a speed, or as slow as its caller */
  #noteSuccess(usage: Usage): number | null {
    const attempt = this.progress.answering
    if (!attempt) return null
    const streamedMs = attempt.firstTokenMs === null ? 0 : attempt.endMs - attempt.firstTokenMs
    const isMeasurable = streamedMs > 0 && usage.completionTokens >= MEASURED_TOKENS_MIN
    const isCallers = (this.#tally?.waitedMs ?? 0) > streamedMs * WAITED_SHARE_MAX
    const tokensPerSecond = isMeasurable && !isCallers ? (usage.completionTokens * 1000) / streamedMs : null
    // The time of the first token was noted when it came.
    this.#note({ ok: true, firstTokenMs: null, tokensPerSecond })
    return tokensPerSecond
  }

  #note(outcome: Outcome): void {
    const attempt = this.progress.answering
    if (!attempt) return
    const sinceMs = this.progress.call.startedMs + attempt.startMs
    const begun = attempt.firstTokenMs !== null
    this.health.note(attempt.endpoint, { ...outcome, sinceMs, begun }, this.nowMs())
  }

  async #end(
    settled: Settled,
    fault: Fault | null,
    committed: boolean,
    tokensPerSecond: number | null = null,
  ): Promise<void> {
    this.#ended = true
    this.health.keep(this.progress.evidence, tokensPerSecond)
    await this.log.end(this.#record(settled, fault, committed), this.progress)
  }

  #record({ usage, cost, upstreamCost }: Settled, fault: Fault | null, committed: boolean): UsageRecord {
    const { attempts, answering, resolved, routed } = this.progress
    const target = this.#answer?.target
    const endpoint = target?.endpoint
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
      countedModel: begun.countedModel,
      preset: begun.preset,
      endUser: begun.endUser,
      streamed: begun.streamed,
      model: endpoint?.model ?? null,
      provider: endpoint?.provider ?? null,
      endpoint: endpoint?.id ?? null,
      owner: target ? ownerOf(target.id) : null,
      status: fault && !committed ? statusOf[fault.code].status : 200,
      fault: fault?.code ?? null,
      diagnosis: fault && diagnosisOf(fault),
      finishReason: this.#tally?.finish?.reason ?? null,
      nativeFinish: this.#tally?.finish?.native ?? null,
      cancelled: fault?.code === 'caller_gone',
      usage,
      costNanoUsd: cost,
      upstreamCostNanoUsd: upstreamCost,
      priceVersion: endpoint?.price?.version ?? null,
      firstTokenMs: answering?.firstTokenMs ?? null,
      totalMs: Math.round(this.nowMs() - this.progress.call.startedMs),
      attempts,
      decision: routed?.decision ?? null,
      features: routed && resolved.routeRequest,
    }
  }
}

function begunOf({
  id,
  caller,
  beganAtMs,
  kind,
  requestedModel,
  countedModel,
  preset,
  endUser,
  streamed,
}: Call): BegunRequest {
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
    countedModel,
    preset,
    endUser,
    streamed,
  }
}
