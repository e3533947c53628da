import { once } from 'node:events'
import { connect as connectTo, createServer, type AddressInfo, type Socket } from 'node:net'
import { Fault } from '@turnpike/domain'
import { waitFor } from '@turnpike/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NO_EGRESS_ALLOW, type EgressAllow } from './allow.ts'
import { connector, wasBeforeSending, type OpenSocket } from './connect.ts'
import { NameCache } from './names.ts'

/** Addresses as the connector sees them; what is behind them is ours. */
const [FIRST, SECOND, THIRD] = ['93.184.216.1', '93.184.216.2', '93.184.216.3']

let port: number
let arrived: Socket[]
const endings: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  arrived = []
  const server = createServer((socket) => arrived.push(socket.on('error', () => undefined).resume()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  endings.push(() => {
    arrived.forEach((socket) => socket.destroy())
    return new Promise((resolve) => server.close(resolve))
  })
})
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

type Behaviour = 'stands' | 'refuses' | 'distrusts' | 'hangs'

/** A network in which each address behaves as listed; what stands leads to a listener on this machine. */
function aNetwork(behaviours: Readonly<Record<string, Behaviour>>) {
  const tried: string[] = []
  const open: OpenSocket = ({ hostname }, done) => {
    tried.push(hostname)
    const behaviour = behaviours[hostname]
    if (behaviour === 'refuses') done(failure('ECONNREFUSED', { syscall: 'connect' }), null)
    if (behaviour === 'distrusts') done(failure('CERT_HAS_EXPIRED'), null)
    const socket = connectTo({ port, host: '127.0.0.1' })
    endings.push(() => Promise.resolve(socket.destroy()))
    socket.on('error', () => undefined)
    if (behaviour === 'stands') socket.once('connect', () => done(null, socket))
    else if (behaviour !== 'hangs') socket.destroy()
    return socket
  }
  return { tried, open }
}

function failure(code: string, facts: object = {}): Error {
  return Object.assign(new Error(code), { code, ...facts })
}

interface Rig {
  readonly behaviours: Readonly<Record<string, Behaviour>>
  /** What each look-up answers, one after the other; the last one from then on. */
  readonly answers?: readonly (readonly string[])[]
  readonly allow?: EgressAllow
  readonly hostname?: string
}

function aRig({ behaviours, answers = [[]], allow, hostname = 'a.example' }: Rig) {
  const network = aNetwork(behaviours)
  const clock = { nowMs: 0 }
  let asked = 0
  const lookup = () => Promise.resolve(answers[Math.min(asked++, answers.length - 1)] ?? [])
  const names = new NameCache({ lookup, waitMsMax: 1_000, nowMs: () => clock.nowMs })
  const connect = connector({ open: network.open, names, timeoutMs: 1_000, allow: allow ?? null })
  const dial = () =>
    new Promise<Error | Socket>((resolve) => {
      connect({ hostname, protocol: 'https:', port: '' }, (error, socket) => resolve(error ?? socket))
    })
  return { dial, clock, tried: network.tried, asked: () => asked }
}

describe('a host with several addresses', () => {
  it('is reached by the first that answers, and no other is asked', async () => {
    const { dial, tried } = aRig({ behaviours: { [FIRST]: 'stands' }, answers: [[FIRST, SECOND]] })
    expect(await dial()).not.toBeInstanceOf(Error)
    expect(tried).toEqual([FIRST])
  })

  it('is reached at once where the first ones refuse', async () => {
    const behaviours = { [FIRST]: 'refuses', [SECOND]: 'refuses', [THIRD]: 'stands' } as const
    const { dial, tried } = aRig({ behaviours, answers: [[FIRST, SECOND, THIRD]] })
    const beganMs = performance.now()
    expect(await dial()).not.toBeInstanceOf(Error)
    expect(performance.now() - beganMs).toBeLessThan(350)
    expect(tried).toEqual([FIRST, SECOND, THIRD])
  })

  it('is reached beside an address that says nothing, whose line is closed', async () => {
    const { dial, tried } = aRig({ behaviours: { [FIRST]: 'hangs', [SECOND]: 'stands' }, answers: [[FIRST, SECOND]] })
    const beganMs = performance.now()
    expect(await dial()).not.toBeInstanceOf(Error)
    expect(performance.now() - beganMs).toBeGreaterThan(390)
    expect(tried).toEqual([FIRST, SECOND])
    await waitFor(() => arrived.length === 2 && arrived.filter(({ readableEnded }) => readableEnded).length === 1, {
      withinMs: 1_000,
    })
  })

  it('fails for the reason of the one that was there, and says that nothing was sent', async () => {
    const behaviours = { [FIRST]: 'refuses', [SECOND]: 'distrusts', [THIRD]: 'refuses' } as const
    const error = await aRig({ behaviours, answers: [[FIRST, SECOND, THIRD]] }).dial()
    expect(error).toMatchObject({ code: 'CERT_HAS_EXPIRED' })
    expect(wasBeforeSending(error)).toBe(true)
  })

  it('fails in its time when none says anything, and leaves no line behind', async () => {
    const hanging = Object.fromEntries([FIRST, SECOND, THIRD].map((address) => [address, 'hangs' as const]))
    const { dial } = aRig({ behaviours: hanging, answers: [[FIRST, SECOND, THIRD]] })
    const beganMs = performance.now()
    expect(await dial()).toMatchObject({ code: 'ETIMEDOUT' })
    expect(performance.now() - beganMs).toBeLessThan(1_250)
    await waitFor(() => arrived.length >= 2 && arrived.every(({ readableEnded }) => readableEnded), { withinMs: 1_000 })
  })

  it('has six of them tried at most', async () => {
    const many = Array.from({ length: 20 }, (_, i) => `93.184.217.${i}`)
    const behaviours = Object.fromEntries(many.map((address) => [address, 'refuses' as const]))
    const { dial, tried } = aRig({ behaviours, answers: [many] })
    expect(await dial()).toMatchObject({ code: 'ECONNREFUSED' })
    expect(tried).toEqual(many.slice(0, 6))
  })
})

describe('a host that moved', () => {
  it.for(['refuses', 'hangs'] as const)('is found where it is now, when its old address %s', async (behaviour) => {
    const behaviours: Record<string, Behaviour> = { [FIRST]: 'stands', [SECOND]: 'stands' }
    const { dial, clock, tried } = aRig({ behaviours, answers: [[FIRST], [SECOND]] })
    expect(await dial()).not.toBeInstanceOf(Error)
    behaviours[FIRST] = behaviour
    clock.nowMs += 1_000
    expect(await dial()).not.toBeInstanceOf(Error)
    expect(tried).toEqual([FIRST, FIRST, SECOND])
  })

  it('fails at once while its last answer is young, and asks no more than once a second', async () => {
    const { dial, asked } = aRig({ behaviours: { [FIRST]: 'refuses' }, answers: [[FIRST]] })
    for (let i = 0; i < 20; i++) expect(await dial()).toMatchObject({ code: 'ECONNREFUSED' })
    expect(asked()).toBe(1)
  })
})

describe('behind the guard', () => {
  const refused = { code: 'upstream_unreachable', facts: { detail: { code: 'EGRESS_REFUSED', sent: false } } }

  it('no address is tried when one of them is not public', async () => {
    const answers = [[FIRST, '10.0.0.3']]
    const { dial, tried } = aRig({ behaviours: { [FIRST]: 'stands' }, answers, allow: NO_EGRESS_ALLOW })
    expect(await dial()).toMatchObject(refused)
    expect(tried).toEqual([])
  })

  it('an address that is not public is refused, too, when it comes with a second look-up', async () => {
    const answers = [[FIRST], ['127.0.0.1']]
    const { dial, clock, tried } = aRig({ behaviours: { [FIRST]: 'refuses' }, answers, allow: NO_EGRESS_ALLOW })
    await dial()
    clock.nowMs += 1_000
    expect(await dial()).toMatchObject(refused)
    expect(tried).toEqual([FIRST, FIRST])
  })

  it('the address that a line really leads to has the last word', async () => {
    // Something between us and the network sends what is for a public address to this machine.
    const rig = { behaviours: { [FIRST]: 'stands' }, answers: [[FIRST]] } as const
    const error = await aRig({ ...rig, allow: NO_EGRESS_ALLOW }).dial()
    expect(error).toBeInstanceOf(Fault)
    expect(error).toMatchObject(refused)
    await waitFor(() => arrived.length > 0 && arrived.every(({ readableEnded }) => readableEnded), { withinMs: 1_000 })
    const allow: EgressAllow = { has: (address) => address === '127.0.0.1', hasPort: () => true }
    expect(await aRig({ ...rig, allow }).dial()).not.toBeInstanceOf(Error)
  })

  it('an address in the URL is judged though nobody looks it up', async () => {
    const { dial, tried, asked } = aRig({ behaviours: {}, allow: NO_EGRESS_ALLOW, hostname: '127.0.0.1' })
    expect(await dial()).toMatchObject(refused)
    expect([tried, asked()]).toEqual([[], 0])
  })
})
