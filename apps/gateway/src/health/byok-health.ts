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

/** Targets of tenants' own of which this node knows something. They never take the place of the catalogue's. */
export const OWN_PAGES_MAX = 5_000

/** The targets of tenants' own in the book: beyond the limit, the one that was heard of longest ago goes. */
export class OwnPages {
  readonly #heard = new Set<TargetId>()
  readonly #drop: (target: TargetId) => void

  /** @param drop throws a page away; it ends in `delete` */
  constructor(drop: (target: TargetId) => void) {
    this.#drop = drop
  }

  get size(): number {
    return this.#heard.size
  }

  has(target: TargetId): boolean {
    return this.#heard.has(target)
  }

  heard(target: TargetId): void {
    this.#heard.delete(target)
    this.#heard.add(target)
    const [oldest] = this.#heard
    if (this.#heard.size > OWN_PAGES_MAX && oldest !== undefined) this.#drop(oldest)
  }

  delete(target: TargetId): void {
    this.#heard.delete(target)
  }
}

/** What a provider said of a version of a tenant's credential, and until when it is left alone. */
export interface OwnRefusal {
  readonly version: number
  readonly fault: Fault
  readonly untilMs: number
}

/** Refusals of tenants' own credentials, by credential and target; beyond `OWN_PAGES_MAX` the oldest credential's go. */
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
      if (this.#size <= OWN_PAGES_MAX) break
      this.#forget(oldest)
    }
  }

  /** What was said of this version of its secret; null when nothing was, or the time is over. */
  of(target: TargetId, version: number, nowMs: number): Fault | null {
    const owner = ownerOf(target)
    const known = owner === null ? undefined : this.#known.get(owner)?.get(target)
    return known && known.version === version && known.untilMs > nowMs ? known.fault : null
  }

  /** Forgets what was said of secrets that were replaced. @returns the targets that need not be left alone any more */
  renew({ credentials, endpoints }: Own): TargetId[] {
    return this.#size === 0 ? [] : [...credentials, ...endpoints].flatMap((own) => this.#renewed(own))
  }

  /** Forgets those whose time is over. */
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

/** How many are known, called down, and left alone since they asked for it. */
export interface Standing {
  readonly known: number
  readonly down: number
  readonly cooling: number
}

/** How the catalogue's endpoints stand, and apart from them targets of tenants' own. */
export function standingsOf(
  pages: ReadonlyMap<TargetId, Health>,
  nowMs: number,
): Standing & { readonly own: Standing } {
  const house = { known: 0, down: 0, cooling: 0 }
  const own = { known: 0, down: 0, cooling: 0 }
  for (const [target, health] of pages) {
    const standing = ownerOf(target) === null ? house : own
    standing.known++
    if (isTripped(health)) standing.down++
    else if (isDown(health, nowMs)) standing.cooling++
  }
  return { ...house, own }
}
