import {
  earnHedge,
  newAllowance,
  notePaid,
  settleHedge,
  takeHedge,
  type Hedge,
  type HedgeAllowance,
  type LostCost,
  type NanoUsd,
  type TenantId,
} from '@turnpike/domain'
import type { Metric } from '@turnpike/server'
import { LRUCache } from 'lru-cache'

/**
 * Outcomes of a hedge. `won`: it answered. `lost`: the first attempt answered, and the hedge was cancelled. `failed`: its target failed.
 * `cancelled`: the request ended without an answer before the hedge did.
 */
const OUTCOMES = ['won', 'lost', 'failed', 'cancelled'] as const
export type HedgeOutcome = (typeof OUTCOMES)[number]

/** Why a slow attempt was not hedged. `nobody`: no other target is up. `share`, `spend`: the budget's limits. */
const REFUSALS = ['nobody', 'share', 'spend'] as const
type HedgeRefusal = (typeof REFUSALS)[number]

/** Tenants kept; beyond it the least recently active one begins anew, with nothing. */
const TENANTS_MAX = 10_000
const NANO_PER_DOLLAR = 1e9

/**
 * What hedges may cost each tenant, and their outcomes, by this process's count: each gateway has the limits of its own requests, and
 * a new process allows nothing until its tenants have paid.
 */
export class HedgeBudget {
  readonly #tenants = new LRUCache<TenantId, HedgeAllowance>({ max: TENANTS_MAX })
  readonly #outcomes = zeros(OUTCOMES)
  readonly #refusals = zeros(REFUSALS)
  #lostNano = 0n

  /** @param nowMs monotonic clock */
  constructor(private readonly nowMs: () => number) {}

  /** A request began under a policy that hedges. */
  earn(tenant: TenantId, hedge: Hedge): void {
    const allowance = this.#tenants.get(tenant) ?? newAllowance()
    this.#tenants.set(tenant, allowance)
    earnHedge(allowance, hedge)
  }

  /** Counts only for tenants with a policy that hedges. */
  paid(tenant: TenantId, cost: NanoUsd): void {
    const allowance = this.#tenants.peek(tenant)
    if (allowance && cost > 0n) notePaid(allowance, cost, this.nowMs())
  }

  /** Reserves the cost of a hedge; false where the budget does not cover it. @param most what the loser may cost */
  reserve(tenant: TenantId, hedge: Hedge, most: LostCost): boolean {
    const answer = takeHedge(this.#tenants.peek(tenant) ?? newAllowance(), hedge, most, this.nowMs())
    if (answer !== 'taken') this.refuse(answer)
    return answer === 'taken'
  }

  /** Ends a reservation. @param lost what the loser cost */
  settle(tenant: TenantId, reservation: LostCost, outcome: HedgeOutcome, lost: LostCost): void {
    this.#outcomes[outcome]++
    this.#lostNano += lost.operator
    const allowance = this.#tenants.peek(tenant)
    if (allowance) settleHedge(allowance, reservation, lost, this.nowMs())
  }

  /** A hedge was due, and none was made. */
  refuse(why: HedgeRefusal): void {
    this.#refusals[why]++
  }

  get metrics(): Metric[] {
    return [
      {
        name: 'turnpike_hedges_total',
        help: 'Hedges: second attempts made while a slow first one was under way, by outcome.',
        label: 'outcome',
        readEach: () => this.#outcomes,
      },
      {
        name: 'turnpike_hedges_refused_total',
        help: 'Hedges that were due and not made: no other target was up, or the tenant’s share or spend was used up.',
        label: 'reason',
        readEach: () => this.#refusals,
      },
      {
        name: 'turnpike_hedge_cost_dollars_total',
        help: 'What cancelled attempts cost on the operator’s accounts, estimated by prompt and list price.',
        read: () => Number(this.#lostNano) / NANO_PER_DOLLAR,
      },
    ]
  }
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
}
