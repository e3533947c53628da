import { diceOf } from '@turnpike/testkit'
import { settled, SimClock } from './clock.fixture.ts'
import { SimConsole } from './console.fixture.ts'
import type { LinkMode } from './link.fixture.ts'
import { Listener } from './listener.fixture.ts'
import { SimProcess, type Saved, type Ways } from './process.fixture.ts'
import { GATEWAYS, KEYS, type History, type Step, type StepAt, type Where } from './steps.fixture.ts'
import { SimPostgres, SimRedis, simKey, type SimKey } from './stores.fixture.ts'

/** After this long with everything healed and the load on, nothing may be left of any trouble. */
const HEALED_MS = 10_000
const LOAD_EVERY_MS = 500

/** What a run amounted to. */
export interface Tally {
  /** Answers about keys that were valid from the question to the answer. */
  validAnswers: number
  revocations: number
  permitsMost: number
}

/**
 * Lives through a history and then heals. The same history takes the same course, to the last reply.
 * @throws Error with everything that the witnesses saw and that must not be
 */
export async function live({ seed, steps }: History): Promise<Tally> {
  const world = new SimWorld(seed)
  for (const step of steps) await world.live(step)
  await world.heal()
  return world.tally()
}

interface Place {
  readonly ways: Ways
  process: SimProcess | null
  saved: Saved | null
}

class SimWorld {
  readonly #clock = new SimClock()
  readonly #dice: () => number
  readonly #postgres = new SimPostgres(this.#clock)
  readonly #redis = new SimRedis(this.#clock)
  readonly #keys: SimKey[] = []
  readonly #places: Place[] = []
  readonly #console: SimConsole
  readonly #ended: SimProcess[] = []
  readonly #wrong = new Set<string>()
  #made = KEYS

  constructor(seed: number) {
    this.#dice = diceOf(seed)
    const [clock, dice] = [this.#clock, this.#dice]
    for (let number = 0; number < KEYS; number++) this.#keys.push(simKey(number))
    this.#console = new SimConsole({
      clock,
      dice,
      postgres: this.#postgres,
      redis: this.#redis,
      gateways: this.#places,
    })
    for (const key of this.#keys.slice(0, 6)) this.#console.change(key)
    for (let at = 0; at < GATEWAYS; at++) {
      const ways: Ways = { redis: 'up', postgres: 'up', channel: 'up', redisSinceMs: 0, postgresSinceMs: 0 }
      this.#places.push({ ways, process: null, saved: null })
      this.#start(at, null)
    }
  }

  async live(step: Step): Promise<void> {
    await this.#do(step)
    await settled()
    this.#judge()
  }

  /** Liveness: every trouble ends, the load stays on, and soon all is as it should be. */
  async heal(): Promise<void> {
    this.#healWays()
    this.#places.forEach(({ process }, at) => (process ? process.thaw() : this.#start(at, null)))
    const endMs = this.#clock.monotonicMs() + HEALED_MS
    while (this.#clock.monotonicMs() < endMs) {
      this.#console.change(this.#another())
      this.#askAll()
      await this.#clock.pass(LOAD_EVERY_MS)
      this.#judge()
    }
    await this.#expectHealth()
    this.#judge()
  }

  tally(): Tally {
    const all = [...this.#ended, ...this.#places.flatMap(({ process }) => process ?? [])]
    return {
      validAnswers: all.reduce((sum, { witness }) => sum + witness.validAnswers, 0),
      revocations: this.#keys.filter((key) => key.revokedMs !== null).length,
      permitsMost: Math.max(...all.map(({ traffic }) => traffic.permitsMost)),
    }
  }

  async #do(step: Step): Promise<void> {
    if ('at' in step) return this.#doAt(step)
    if (step.do === 'pass') return this.#clock.pass(step.ms)
    if (step.do === 'leap') return this.#leap(step.ms)
    if (step.do === 'flush') return this.#redis.flush()
    if (step.do === 'heal') return this.#healWays()
    if (step.do === 'redis' || step.do === 'postgres') return this.#setMode(step.do, step.where, step.mode)
    if (step.do === 'make' || step.do === 'change' || step.do === 'revoke') this.#change(step.do, step.key)
  }

  #doAt(step: StepAt): void {
    const place = this.#places[step.at]
    if (!place) return
    const { process } = place
    if (step.do === 'ask') this.#ask(process, step.key, step.keys)
    if (step.do === 'channel') place.ways.channel = step.mode
    if (step.do === 'freeze') process?.freeze()
    if (step.do === 'thaw') process?.thaw()
    if (step.do === 'save' && process && !process.isFrozen) place.saved = process.save(step.copies)
    if (step.do === 'kill' || step.do === 'restart') this.#end(place)
    if (step.do === 'restart') this.#start(step.at, step.saved ? place.saved : null)
  }

  #start(at: number, saved: Saved | null): void {
    const place = this.#places[at]
    if (!place) return
    const fail = (what: string) =>
      this.#wrong.add(`at ${Math.floor(this.#clock.monotonicMs())} ms, gateway ${at}: ${what}`)
    const [clock, dice, postgres, redis] = [this.#clock, this.#dice, this.#postgres, this.#redis]
    const options = { clock, dice, postgres, redis, ways: place.ways, fail }
    place.process = new SimProcess(options, saved)
    new Listener({ ...options, process: place.process }).begin()
  }

  #end(place: Place): void {
    place.process?.end()
    if (place.process) this.#ended.push(place.process)
    place.process = null
  }

  #ask(process: SimProcess | null, from: number, keys: number): void {
    if (!process || process.isFrozen) return
    for (let i = 0; i < keys; i++) {
      const key = this.#keys[(from + i) % this.#keys.length]
      if (key) void process.ask(key)
    }
  }

  #askAll(): void {
    for (const { process } of this.#places) this.#ask(process, 0, this.#keys.length)
  }

  #change(what: 'make' | 'change' | 'revoke', number: number): void {
    const key = this.#keys[number]
    if (!key || (what === 'change' && key.createdMs === null)) return
    if (what === 'revoke') this.#console.revoke(key)
    else if (what === 'change' || key.createdMs === null) this.#console.change(key)
  }

  /** A key that nobody has asked for. */
  #another(): SimKey {
    const key = simKey(this.#made++)
    this.#keys.push(key)
    return key
  }

  #setMode(store: 'redis' | 'postgres', where: Where, mode: LinkMode): void {
    if (where === 'console' || where === 'all') this.#console.ways[store] = mode
    this.#places.forEach(({ ways }, at) => {
      if (where !== 'all' && where !== at) return
      if (ways[store] !== mode) ways[`${store}SinceMs`] = this.#clock.monotonicMs()
      ways[store] = mode
    })
  }

  #healWays(): void {
    this.#setMode('redis', 'all', 'up')
    this.#setMode('postgres', 'all', 'up')
    for (const { ways } of this.#places) ways.channel = 'up'
  }

  async #leap(ms: number): Promise<void> {
    await this.#clock.pass(0)
    for (const { process } of this.#places) process?.warped()
    const passing = this.#clock.leap(ms)
    for (const { process } of this.#places) process?.warped()
    await passing
  }

  async #expectHealth(): Promise<void> {
    for (const [at, { process }] of this.#places.entries()) {
      if (!process) continue
      const { redis, redisWrites, postgres } = process.cache.breakers
      for (const [store, { state }] of Object.entries({ redis, redisWrites, postgres }))
        if (state !== 'closed')
          this.#wrong.add(`gateway ${at}: ${store} is still ${state} ${HEALED_MS} ms after it healed`)
      for (const key of this.#keys) void this.#expectTruth(at, process, key)
    }
    await this.#clock.pass(1_000)
  }

  async #expectTruth(at: number, process: SimProcess, key: SimKey): Promise<void> {
    const expected = key.createdMs !== null && key.revokedMs === null ? 'found' : 'absent'
    const { kind } = await process.ask(key)
    if (kind !== expected) this.#wrong.add(`gateway ${at}: ${key.name} is ${kind} ${HEALED_MS} ms after all healed`)
  }

  #judge(): void {
    for (const [key, sinceMs] of this.#redis.pending)
      for (const { process } of this.#places) process?.witness.pendingIsKnown(key, sinceMs)
    if (this.#wrong.size > 0) throw new Error([...this.#wrong].join('\n'))
  }
}
