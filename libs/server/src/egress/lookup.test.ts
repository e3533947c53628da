import { startNameServer, type NameServer } from '@turnpike/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lookUpByNameServers, lookUpBySystem, type NameLookup } from './lookup.ts'

let server: NameServer
let lookup: NameLookup
beforeAll(async () => {
  server = await startNameServer()
  lookup = lookUpByNameServers([server.address])
})
afterAll(() => server.close())

async function timed<T>(promise: Promise<T>): Promise<{ readonly outcome: T | string; readonly ms: number }> {
  const beganMs = performance.now()
  const outcome = await promise.catch((error: unknown) =>
    error instanceof Error && 'code' in error ? String(error.code) : '',
  )
  return { outcome, ms: performance.now() - beganMs }
}

describe('a name that a tenant chose', () => {
  it('is asked for in both families', async () => {
    server.say('both.example', { addresses: ['192.0.2.1', '192.0.2.2', '2001:db8::5'] })
    expect([...(await lookup('both.example'))].toSorted()).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::5'])
  })

  it('needs no more than one of them', async () => {
    server.say('four.example', { addresses: ['192.0.2.1'] })
    server.say('six.example', { addresses: ['2001:db8::5'] })
    expect([await lookup('four.example'), await lookup('six.example')]).toEqual([['192.0.2.1'], ['2001:db8::5']])
  })

  it('fails as its name server says', async () => {
    server.say('ill.example', { fails: 'server failure' })
    server.say('empty.example', {})
    expect((await timed(lookup('nobody.example'))).outcome).toBe('ENOTFOUND')
    expect((await timed(lookup('ill.example'))).outcome).toBe('ESERVFAIL')
    expect((await timed(lookup('empty.example'))).outcome).toBe('ENODATA')
  })

  it('fails by itself when its name server is silent', async () => {
    server.say('silent.example', null)
    const { outcome, ms } = await timed(lookup('silent.example'))
    expect(outcome).toBe('ETIMEOUT')
    expect(ms).toBeLessThan(5_000)
  })

  it('is never completed with the domain of our own network', async () => {
    await timed(lookup('database'))
    expect(new Set(server.asked.filter((host) => host.startsWith('database')))).toEqual(new Set(['database']))
  })

  it('is found in the hosts file first', async () => {
    expect(await lookup('LocalHost')).toContain('127.0.0.1')
    expect(server.asked).not.toContain('localhost')
  })
})

describe('a name that the operator chose', () => {
  it('is looked up as every program on the machine does it', async () => {
    expect(await lookUpBySystem('localhost')).toContain('127.0.0.1')
    expect((await timed(lookUpBySystem('nobody.invalid'))).outcome).toMatch(/ENOTFOUND|EAI_AGAIN/)
  })
})
