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

/**
 * What came of a second target. `won`: it answered. `lost`: the first one did, and it was called off. `failed`: it failed by itself.
 * `called_off`: the request ended without an answer before it did.
 */
const OUTCOMES = ['won', 'lost', 'failed', 'called_off'] as const
export type HedgeOutcome = (typeof OUTCOMES)[number]

/** Why a slow first target got none beside it. `nobody`: no other one is up. The others are the limits of the tenant's allowance. */
const REFUSALS = ['nobody', 'share', 'spend'] as const
export type HedgeRefusal = (typeof REFUSALS)[number]

/** Tenants whose allowance is remembered; of more, the one heard of least lately begins anew, with nothing. */
const TENANTS_MAX = 10_000
const NANO_PER_DOLLAR = 1e9

/**
 * What second targets may cost each tenant, and what came of them. It knows what this process saw since it began: with several
 * gateways each has the share and the spend of its own requests, which together are no more than the limits, and a new process
 * allows nothing until its tenants have paid.
 */
export class HedgeBudget {
  /** Those heard of least lately first. */
  readonly #tenants = new Map<TenantId, HedgeAllowance>()
  readonly #nowMs: () => number
  readonly #outcomes = zeros(OUTCOMES)
  readonly #refusals = zeros(REFUSALS)
  #lostNano = 0n

  /** @param nowMs monotonic clock */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** A request came under a policy that hedges. */
  earn(tenant: TenantId, hedge: Hedge): void {
    const allowance = this.#tenants.get(tenant) ?? newAllowance()
    this.#tenants.delete(tenant)
    this.#tenants.set(tenant, allowance)
    earnHedge(allowance, hedge)
    if (this.#tenants.size <= TENANTS_MAX) return
    for (const idlest of this.#tenants.keys()) {
      this.#tenants.delete(idlest)
      break
    }
  }

  /** A tenant was charged for a request. Only of those under a policy that hedges it is remembered. */
  paid(tenant: TenantId, cost: NanoUsd): void {
    const allowance = this.#tenants.get(tenant)
    if (allowance && cost > 0n) notePaid(allowance, cost, this.#nowMs())
  }

  /** Takes leave for a second target, to be settled by `settle`. @param most the highest that the loser may cost */
  take(tenant: TenantId, hedge: Hedge, most: LostCost): boolean {
    const answer = takeHedge(this.#tenants.get(tenant) ?? newAllowance(), hedge, most, this.#nowMs())
    if (answer !== 'taken') this.refuse(answer)
    return answer === 'taken'
  }

  /** How it came out, and what the loser cost. */
  settle(tenant: TenantId, taken: LostCost, outcome: HedgeOutcome, lost: LostCost): void {
    this.#outcomes[outcome]++
    this.#lostNano += lost.operator
    const allowance = this.#tenants.get(tenant)
    if (allowance) settleHedge(allowance, taken, lost, this.#nowMs())
  }

  /** A second target was due, and there was none. */
  refuse(why: HedgeRefusal): void {
    this.#refusals[why]++
  }

  get metrics(): Metric[] {
    return [
      {
        name: 'turnpike_hedges_total',
        help: 'Second targets asked beside a slow first one, by what came of them.',
        label: 'outcome',
        readEach: () => this.#outcomes,
        grows: true,
      },
      {
        name: 'turnpike_hedges_refused_total',
        help: 'Second targets that were due and not asked: nobody else was up, or the tenant’s share or spend was used up.',
        label: 'reason',
        readEach: () => this.#refusals,
        grows: true,
      },
      {
        name: 'turnpike_hedge_cost_dollars_total',
        help: 'What losers cost on the accounts of the house, estimated by prompt and list price.',
        read: () => Number(this.#lostNano) / NANO_PER_DOLLAR,
        grows: true,
      },
    ]
  }
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
}
