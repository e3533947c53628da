import {
  isDown,
  isTripped,
  ownerOf,
  type Fault,
  type Health,
  type Own,
  type OwnId,
  type TargetId,
} from '@turnpike/domain'

/** Records of tenants' own targets at most. They never displace those of the catalogue's endpoints. */
export const OWN_TARGETS_MAX = 5_000

/** The refusal of one version of a credential, and the end of its cooldown. */
interface OwnRefusal {
  readonly version: number
  readonly fault: Fault
  readonly untilMs: number
}

/** Refusals of tenants' own credentials; beyond the limit those of the oldest credential are dropped. */
export class OwnRefusals {
  readonly #known = new Map<OwnId, Map<TargetId, OwnRefusal>>()
  #size = 0

  note(target: TargetId, refusal: OwnRefusal): void {
    const owner = ownerOf(target)
    if (owner === null) return
    const refusals = this.#known.get(owner) ?? new Map<TargetId, OwnRefusal>()
    this.#known.set(owner, refusals)
    if (!refusals.has(target)) this.#size++
    refusals.set(target, refusal)
    for (const oldest of this.#known.keys()) {
      if (this.#size <= OWN_TARGETS_MAX) break
      this.#forget(oldest)
    }
  }

  /** Null when this version was not refused, or the cooldown is over. */
  of(target: TargetId, version: number, nowMs: number): Fault | null {
    const owner = ownerOf(target)
    const known = owner === null ? undefined : this.#known.get(owner)?.get(target)
    return known && known.version === version && known.untilMs > nowMs ? known.fault : null
  }

  /** The targets that refuse a present secret of these credentials just now. */
  within({ credentials }: Own, nowMs: number): ReadonlySet<TargetId> {
    const refused = new Set<TargetId>()
    if (this.#size === 0) return refused
    for (const { id, version } of credentials) {
      for (const target of this.#known.get(id)?.keys() ?? []) {
        if (this.of(target, version, nowMs)) refused.add(target)
      }
    }
    return refused
  }

  /** Drops the refusals of secrets that were replaced. @returns the targets whose cooldown is over */
  renew({ credentials, endpoints }: Own): TargetId[] {
    return this.#size === 0 ? [] : [...credentials, ...endpoints].flatMap((own) => this.#renewed(own))
  }

  /** Drops refusals whose cooldown is over. */
  tick(nowMs: number): void {
    for (const [owner, refusals] of this.#known) {
      if ([...refusals.values()].every(({ untilMs }) => untilMs <= nowMs)) this.#forget(owner)
    }
  }

  #renewed({ id, version }: Own['credentials' | 'endpoints'][number]): TargetId[] {
    const refusals = this.#known.get(id)
    if (!refusals || [...refusals.values()].every((refusal) => refusal.version === version)) return []
    this.#forget(id)
    return [...refusals.keys()]
  }

  #forget(owner: OwnId): void {
    this.#size -= this.#known.get(owner)?.size ?? 0
    this.#known.delete(owner)
  }
}

/** How many endpoints are known, down, and in cooldown. */
export interface Standing {
  readonly known: number
  readonly down: number
  readonly cooling: number
}

/** The catalogue's endpoints in each state, and separately targets of tenants' own. */
export function standingsOf(
  states: ReadonlyMap<TargetId, Health>,
  nowMs: number,
): Standing & { readonly own: Standing } {
  const catalogue = { known: 0, down: 0, cooling: 0 }
  const own = { known: 0, down: 0, cooling: 0 }
  for (const [target, health] of states) {
    const standing = ownerOf(target) === null ? catalogue : own
    standing.known++
    if (isTripped(health)) standing.down++
    else if (isDown(health, nowMs)) standing.cooling++
  }
  return { ...catalogue, own }
}
