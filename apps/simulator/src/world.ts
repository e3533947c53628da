import { type Behaviour, Behaviours, type BehaviourChange } from './behaviour.ts'
import { dice, type Dice, fingerprint } from './dice.ts'
import type { Exchange } from './exchange.ts'
import type { Fault } from './faults.ts'
import { FLEET, LISTED_PROVIDERS, type Provider } from './fleet.ts'
import { Log } from './log.ts'
import { Prefixes } from './prefixes.ts'

export const OUTAGES = {
  refuse: 'refuse',
  '500': 'status:500',
  stall: 'stall_before_headers',
} as const satisfies Record<string, Fault>
export type Outage = keyof typeof OUTAGES

/** Everything a simulator remembers. */
export class World {
  readonly providers = new Map<string, Provider>(
    [...LISTED_PROVIDERS, ...FLEET].map((provider) => [provider.name, provider]),
  )
  readonly behaviours = new Behaviours()
  readonly down = new Map<string, Outage>()
  readonly log = new Log()
  readonly prefixes = new Prefixes(Date.now)
  readonly #thrown = new Map<string, number>()
  running = 0
  /** Mistakes of our own, which a test should look at; the last few are shown in the state. */
  readonly mistakes: string[] = []

  /** The settings, then the request's own headers, then an outage over both. */
  behaviour(provider: Provider, model: string, overrides: BehaviourChange | null): Behaviour {
    const settings = this.behaviours.of(provider, model)
    const overridden = overrides ? { ...settings, ...overrides } : settings
    const outage = this.down.get(provider.name)
    return outage === undefined ? overridden : { ...overridden, faults: [OUTAGES[outage]] }
  }

  /** Dice for a provider's next request. A change of behaviour starts the run anew. */
  dice(provider: Provider, seed: number): Dice {
    const thrown = (this.#thrown.get(provider.name) ?? 0) + 1
    this.#thrown.set(provider.name, thrown)
    return dice(fingerprint(provider.name, seed) + thrown)
  }

  /** @returns false when no further setting can be kept. */
  setBehaviour(provider: string, model: string, change: BehaviourChange): boolean {
    this.#thrown.clear()
    return this.behaviours.set(provider, model, change)
  }

  resetBehaviour(provider: string | undefined, model: string): void {
    this.#thrown.clear()
    this.behaviours.reset(provider, model)
  }

  /** Adds a provider, or changes its dialect and speeds. @returns false when there are too many. */
  register(provider: Provider): boolean {
    if (!this.providers.has(provider.name) && this.providers.size >= PROVIDERS_MAX) return false
    this.providers.set(provider.name, provider)
    this.behaviours.forgetResolved()
    return true
  }

  unregister(name: string): void {
    this.providers.delete(name)
    this.down.delete(name)
  }

  /** Ends the outage of one provider, or, for null, of all. */
  lift(provider: string | null): void {
    if (provider === null) this.down.clear()
    else this.down.delete(provider)
  }

  state(): unknown {
    const { last, dropped } = this.log.since(Number.MAX_SAFE_INTEGER)
    return {
      providers: [...this.providers.values()],
      behaviours: this.behaviours.all(),
      down: Object.fromEntries(this.down),
      running: this.running,
      log: { last, dropped },
      mistakes: this.mistakes,
    }
  }

  /** Notes a mistake of our own and closes the connection, since it is unknown what was sent. */
  failed(error: unknown, exchange: Exchange): void {
    if (this.mistakes.length >= MISTAKES_MAX) this.mistakes.shift()
    this.mistakes.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
    exchange.cut()
  }
}

/** Mistakes kept: the first one usually explains the others. */
const MISTAKES_MAX = 20
const PROVIDERS_MAX = 1000
/** A name is one segment of a path, and not one of ours. */
export const PROVIDER_NAME = /^(?!admin$|mailbox$)[a-z0-9][a-z0-9_-]{0,63}$/
