import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { Fault } from '@turnpike/domain'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { NO_EGRESS_ALLOW, parseEgressAllow, type EgressAllow } from './allow.ts'
import { checkUrl } from './guard.ts'
import type { NameLookup } from './lookup.ts'
import { disguises, spellingsOf, startWatch, type Watch } from './ssrf.fixture.ts'
import { Egress, type Incoming } from './egress.ts'

/** A public address that is only ever judged: nobody connects to it here. */
const PUBLIC = '93.184.216.34'
/** Every name leads to this machine. */
const toLoopback: NameLookup = () => Promise.resolve(['127.0.0.1'])

let watch: Watch
beforeAll(async () => {
  watch = await startWatch()
})
afterAll(() => watch.close())
beforeEach(() => void watch.opened())
const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

function restricted(lookup: NameLookup = toLoopback, allow: EgressAllow = NO_EGRESS_ALLOW): Egress {
  const egress = new Egress({ connectTimeoutMs: 1_000, connectionsMax: 4, restricted: { allow }, lookup })
  endings.push(() => egress.close())
  return egress
}

/** What each sink makes of a URL: the judgement at save, a completion, the test of a credential. */
async function atEverySink(url: string, lookup: NameLookup = toLoopback): Promise<string[]> {
  const egress = restricted(lookup)
  const judged = await checkUrl(url, NO_EGRESS_ALLOW, lookup)
  return [judged.ok ? 'saved' : 'refused', await outcome(post(egress, url)), await outcome(get(egress, url))]
}

const headers = { authorization: 'Bearer canary' }

/** Status and body. */
async function post(egress: Egress, baseUrl: string, path = '/'): Promise<string> {
  const { signal } = new AbortController()
  const limits = { headersTimeoutMs: 2_000, idleTimeoutMs: 2_000, signal }
  return shown(await egress.post({ baseUrl, path, headers, body: '{}', ...limits }))
}

async function get(egress: Egress, baseUrl: string): Promise<string> {
  return shown(await egress.get({ baseUrl, path: '/', headers, timeoutMs: 2_000 }))
}

async function shown(reply: Incoming): Promise<string> {
  return `${reply.status} ${await reply.text(1_000)}`
}

async function outcome(sending: Promise<unknown>): Promise<string> {
  try {
    await sending
    return 'sent'
  } catch (error) {
    const isRefusal = error instanceof Fault && error.facts.detail?.['code'] === 'EGRESS_REFUSED'
    return isRefusal && error.facts.detail?.['sent'] === false ? 'refused' : `failed: ${String(error)}`
  }
}

const REFUSED = ['refused', 'refused', 'refused']

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endings.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

describe('S-11 a URL of a tenant’s never leads to an address that is not public', () => {
  it('reaches the listener when the operator allows it, so that what follows means something', async () => {
    const before = watch.arrived()
    const allow = parseEgressAllow(`127.0.0.1:${watch.port}`)
    expect(await outcome(post(restricted(toLoopback, allow), `https://127.0.0.1:${watch.port}`))).toMatch('failed')
    expect(await outcome(get(restricted(toLoopback, allow), `https://a.example:${watch.port}`))).toMatch('failed')
    expect(watch.arrived() - before).toBe(2)
    expect(watch.opened()).toBe(2)
  })

  const ADDRESSES = ['127.0.0.1', '169.254.169.254', '10.0.0.3', '172.31.255.255', '192.168.1.1', '100.64.0.1']
  it.for(ADDRESSES)('in any spelling of %s', async (address) => {
    const spellings = spellingsOf(address)
    expect(spellings.length).toBeGreaterThanOrEqual(26)
    for (const spelling of spellings) {
      const url = `https://${spelling}:${watch.port}/v1`
      expect([url, ...(await atEverySink(url))]).toEqual([url, ...REFUSED])
    }
    expect([watch.arrived(), watch.opened()]).toEqual([2, 0])
  })

  it('in any disguise', async () => {
    const urls = disguises(watch.port)
    expect(urls.length).toBeGreaterThanOrEqual(60)
    for (const url of urls) expect([url, ...(await atEverySink(url))]).toEqual([url, ...REFUSED])
    expect([watch.arrived(), watch.opened()]).toEqual([2, 0])
  })

  it.for([
    ['one private address among public ones', [PUBLIC, '10.0.0.3', '9.9.9.9']],
    ['the private one last', [PUBLIC, '127.0.0.1']],
    ['an IPv6 one', [PUBLIC, 'fe80::1%eth0']],
    ['a mapped one', ['::ffff:127.0.0.1']],
    ['the cloud’s metadata', ['169.254.169.254']],
    ['something that is no address', ['localhost']],
  ] as const)('by an answer with %s', async ([, answer]) => {
    const url = `https://rebinding.attacker.example:${watch.port}`
    expect(await atEverySink(url, () => Promise.resolve(answer))).toEqual(REFUSED)
    expect(watch.opened()).toBe(0)
  })

  it('by a name that is public when it is saved and private when it is called', async () => {
    const answers = [[PUBLIC], ['127.0.0.1']]
    const rebinding: NameLookup = () => Promise.resolve(answers.shift() ?? ['127.0.0.1'])
    const url = `https://rebinding.attacker.example:${watch.port}`
    expect(await checkUrl(url, NO_EGRESS_ALLOW, rebinding)).toMatchObject({ ok: true })
    expect(await outcome(post(restricted(rebinding), url))).toBe('refused')
    expect([watch.arrived(), watch.opened()]).toEqual([2, 0])
  })

  it('by a redirect', async () => {
    let asked = 0
    const places = [
      'http://169.254.169.254/latest/meta-data/',
      `https://127.0.0.1:${watch.port}/`,
      '//localhost/',
      '/x',
    ]
    const server = createServer((_, response) => response.writeHead(302, { location: places[asked++] ?? '/' }).end())
    let lines = 0
    server.on('connection', () => lines++)
    const port = await listening(server)
    const egress = restricted(toLoopback, parseEgressAllow(`127.0.0.1:${port}`))
    for (const send of [post, get, post, get]) expect(await send(egress, `http://127.0.0.1:${port}`)).toMatch('302')
    expect(asked).toBe(places.length)
    expect(watch.arrived()).toBe(2)
    // Every line that was opened went where it was allowed to.
    expect(watch.opened()).toBe(lines)
  })

  it('by a path that names another host', async () => {
    const seen: string[] = []
    const port = await listening(
      createServer((request, response) => {
        seen.push(`${request.headers.host} ${request.url}`)
        response.end()
      }),
    )
    const egress = restricted(toLoopback, parseEgressAllow(`127.0.0.1:${port}`))
    const host = `127.0.0.1:${port}`
    const inner = `127.0.0.1:${watch.port}`
    for (const path of [`/#@${inner}/`, `/?@${inner}/`, `/@${inner}`, `//${inner}/`, `/../../@${inner}`])
      await post(egress, `http://${host}/v1`, path)
    expect(seen.map((line) => line.split(' ')[0])).toEqual([host, host, host, host, host])
    expect(seen.every((line) => line.includes(` /v1/`))).toBe(true)
    for (const path of [`http://${inner}/`, `@${inner}/`, `.${inner}`, ''])
      await expect(post(egress, `http://${host}`, path)).rejects.toThrow()
    expect(seen).toHaveLength(5)
    expect(watch.arrived()).toBe(2)
  })

  it('through a proxy that the environment names', async () => {
    const asked: string[] = []
    const proxy = createServer((request, response) => {
      asked.push(String(request.url))
      response.end()
    })
    proxy.on('connect', (request) => asked.push(String(request.url)))
    const proxyPort = await listening(proxy)
    const port = await listening(createServer((_, response) => response.end('directly')))
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'HTTP_PROXY', 'http_proxy'])
      vi.stubEnv(name, `http://127.0.0.1:${proxyPort}`)
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    endings.push(() => Promise.resolve(vi.unstubAllEnvs()))
    expect(await atEverySink(`https://loopback.attacker.example:${watch.port}`)).toEqual(REFUSED)
    const egress = restricted(toLoopback, parseEgressAllow(`127.0.0.1:${port}`))
    expect(await get(egress, `http://allowed.example:${port}`)).toBe('200 directly')
    expect(asked).toEqual([])
  })

  it('whatever the address and however it is written', async () => {
    const inside = fc.tuple(fc.constantFrom(...SUBNETS), fc.nat(2 ** 32 - 1)).map(([[network, bits], noise]) => {
      const base = network.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0)
      const host = noise % 2 ** (32 - bits)
      return [24, 16, 8, 0].map((shift) => ((base + host) >>> shift) & 255).join('.')
    })
    await fc.assert(
      fc.asyncProperty(
        inside,
        fc.nat(25),
        fc.constantFrom('', '/', '/v1', '/%2e%2e/'),
        async (address, which, path) => {
          const spelling = spellingsOf(address)[which] ?? address
          expect(await atEverySink(`https://${spelling}:${watch.port}${path}`)).toEqual(REFUSED)
          expect(await atEverySink('https://name.example', () => Promise.resolve([PUBLIC, address]))).toEqual(REFUSED)
        },
      ),
      { numRuns: 150 },
    )
    expect([watch.arrived(), watch.opened()]).toEqual([2, 0])
  })
})

const SUBNETS: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

describe('what a caller learns of a refusal', () => {
  it('names the rule, and nothing of the network behind the name', async () => {
    const thrown: unknown = await post(
      restricted(() => Promise.resolve(['10.0.0.3'])),
      'https://intranet.example',
    ).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'upstream_unreachable', blame: 'upstream' })
    const { message, facts } = thrown as Fault
    expect(message).toBe('The endpoint was not called: its base URL does not lead to a public address.')
    expect(JSON.stringify([message, facts])).not.toContain('10.0.0.3')
  })
})

describe('an address that the operator allows', () => {
  it('is reached over http, by its address and by a name that leads to it, and its neighbours are not', async () => {
    const port = await listening(createServer((_, response) => response.end('well')))
    const other = createTcpServer()
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    endings.push(() => new Promise((resolve) => other.close(resolve)))
    const otherPort = (other.address() as AddressInfo).port
    const allow = parseEgressAllow(`127.0.0.1:${port}`)
    // As a hosts file has it: one of the two is allowed.
    const lookup: NameLookup = (host) => Promise.resolve(host === 'localhost' ? ['::1', '127.0.0.1'] : ['127.0.0.2'])
    const egress = restricted(lookup, allow)
    for (const host of ['127.0.0.1', 'localhost', '0x7f.1'])
      expect(await get(egress, `http://${host}:${port}`)).toBe('200 well')
    for (const url of [`http://127.0.0.1:${otherPort}`, `http://127.0.0.2:${port}`, `http://next.example:${port}`]) {
      expect([url, await outcome(get(egress, url))]).toEqual([url, 'refused'])
      expect(await checkUrl(url, allow, lookup)).toMatchObject({ ok: false })
    }
    expect(await checkUrl(`http://LOCALHOST:${port}/v1/`, allow, lookup)).toEqual({
      ok: true,
      url: `http://localhost:${port}/v1`,
      origin: `http://localhost:${port}`,
    })
  })
})
