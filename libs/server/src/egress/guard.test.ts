import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { egressAllow, NO_EGRESS_ALLOW, parseEgressAllow } from './allow.ts'
import { checkUrl } from './guard.ts'
import type { NameLookup } from './lookup.ts'
import { readConfig } from '../config.ts'

const PUBLIC = ['93.184.216.34', '2606:2800:220::1']
const to =
  (...addresses: string[]): NameLookup =>
  () =>
    Promise.resolve(addresses)

async function whyNot(text: string, lookup: NameLookup = to(...PUBLIC), allow = NO_EGRESS_ALLOW): Promise<string> {
  const judged = await checkUrl(text, allow, lookup)
  return judged.ok ? 'none' : judged.why
}

describe('a base URL', () => {
  it('is kept in one spelling, and its origin is where its credential goes', async () => {
    const accepted = [
      ['https://llm.example', 'https://llm.example', 'https://llm.example'],
      ['HTTPS://LLM.Example:443/v1//', 'https://llm.example/v1', 'https://llm.example'],
      ['https://llm.example:8443/a/../b%20c/', 'https://llm.example:8443/b%20c', 'https://llm.example:8443'],
      ['https://bücher.example/v1', 'https://xn--bcher-kva.example/v1', 'https://xn--bcher-kva.example'],
      ['https://8.8.8.8/v1', 'https://8.8.8.8/v1', 'https://8.8.8.8'],
      ['https://[2606:4700:0:0::1111]/', 'https://[2606:4700::1111]', 'https://[2606:4700::1111]'],
      ['https://llm.example/@me', 'https://llm.example/@me', 'https://llm.example'],
    ] as const
    for (const [text, url, origin] of accepted)
      expect(await checkUrl(text, NO_EGRESS_ALLOW, to(...PUBLIC))).toEqual({ ok: true, url, origin })
  })

  it.for([
    ['nonsense', 'is not a URL'],
    ['https://', 'is not a URL'],
    ['ftp://llm.example', 'must begin with https://'],
    ['http://llm.example', 'must begin with https://'],
    ['https:llm.example', 'must begin with https://'],
    ['https://llm.example/?key=1', 'must not have a query (?)'],
    ['https://llm.example/#v1', 'must not have a fragment (#)'],
    ['https://me:secret@llm.example', 'must not have a user name or a password (@)'],
    ['https://llm.example:22', 'has port 22; only 443 and 8443 can be used'],
    ['https://llm.example.', 'must not have a dot at the end of its host name'],
    ['https://llm.example\\v1', 'contains a character that a URL cannot have'],
    [`https://llm.example/${'a'.repeat(2_000)}`, 'is longer than 2000 characters'],
    ['https://2130706433', 'names 127.0.0.1, which is a loopback address'],
    ['https://[::ffff:a00:3]', 'names ::ffff:a00:3, which is an IPv4 address inside an IPv6 address'],
  ] as const)('such as %s is refused, and said why', async ([text, why]) => {
    expect(await whyNot(text)).toBe(why)
  })

  it('is refused for what its name leads to', async () => {
    expect(await whyNot('https://a.example', to('10.0.0.3'))).toBe('resolves to 10.0.0.3, which is a private address')
    expect(await whyNot('https://a.example', to(...PUBLIC, 'FE80::1'))).toBe(
      'resolves to fe80::1, which is a link-local address',
    )
    expect(await whyNot('https://a.example', to())).toBe('has a host name that does not resolve to an address')
    const unknown: NameLookup = () => Promise.reject(new Error('ENOTFOUND'))
    expect(await whyNot('https://a.example', unknown)).toBe('has a host name that does not resolve to an address')
  })

  it('is judged within two seconds, whatever its name servers do', async () => {
    const beganMs = performance.now()
    const why = await whyNot('https://a.example', () => new Promise(() => undefined))
    expect(why).toBe('has a host name that was not found in time; please try again')
    expect(performance.now() - beganMs).toBeLessThan(2_500)
  })

  it('asks nobody for the name when its text is enough to refuse it', async () => {
    let asked = 0
    const lookup: NameLookup = () => {
      asked++
      return Promise.resolve(PUBLIC)
    }
    for (const text of ['http://a.example', 'https://a.example:22', 'https://a.example/?b', 'https://127.1'])
      await checkUrl(text, NO_EGRESS_ALLOW, lookup)
    expect(asked).toBe(0)
  })
})

describe('what the operator allows', () => {
  it('is each address with its port, in any spelling, and nothing beside it', () => {
    const allow = parseEgressAllow(' 10.0.0.5:8000, [0:0:0:0:0:0:0:1]:11434,[FD00::5]:443 ,')
    const allowed: [string, number][] = [
      ['10.0.0.5', 8_000],
      ['::1', 11_434],
      ['fd00::5', 443],
      ['fd00:0::5', 443],
    ]
    const others: [string, number][] = [
      ['10.0.0.5', 8_001],
      ['10.0.0.50', 8_000],
      ['10.0.0.5', 443],
      ['::1', 8_000],
      ['::ffff:10.0.0.5', 8_000],
    ]
    expect(allowed.filter(([address, port]) => !allow.has(address, port))).toEqual([])
    expect(others.filter(([address, port]) => allow.has(address, port))).toEqual([])
  })

  it('is nothing by default', () => {
    const { EGRESS_ALLOW: allow } = readConfig(z.object({ EGRESS_ALLOW: egressAllow() }), {})
    expect([allow.has('127.0.0.1', 443), allow.hasPort(443)]).toEqual([false, false])
  })

  it.for([
    '10.0.0.0/8:80',
    '10.0.0.5',
    'localhost:80',
    '127.1:80',
    '::1:80',
    '[10.0.0.5]:80',
    '10.0.0.5:0',
    '[fe80::1%lo]:1',
  ])('is never guessed: %s stops the process with the name of the setting', (text) => {
    const reading = () => readConfig(z.object({ EGRESS_ALLOW: egressAllow() }), { EGRESS_ALLOW: text })
    expect(reading).toThrow(/EGRESS_ALLOW: “.*” is not an address with its port/)
  })

  it('opens http and its port for that address alone', async () => {
    const allow = parseEgressAllow('10.0.0.5:8000')
    expect(await whyNot('http://10.0.0.5:8000/v1', to(), allow)).toBe('none')
    expect(await whyNot('https://10.0.0.5:8000', to(), allow)).toBe('none')
    expect(await whyNot('http://vllm.internal:8000', to('10.0.0.5'), allow)).toBe('none')
    expect(await whyNot('http://vllm.internal:8000', to('10.0.0.6'), allow)).toBe('must begin with https://')
    expect(await whyNot('https://vllm.internal:8000', to(...PUBLIC), allow)).toBe(
      'has port 8000; only 443 and 8443 can be used',
    )
    expect(await whyNot('https://10.0.0.5', to(), allow)).toBe('names 10.0.0.5, which is a private address')
  })
})
