import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import {
  note,
  percentile,
  sampleSize,
  signUp,
  startLoad,
  startProduct,
  waitFor,
  type Product,
  type Visitor,
} from '@turnpike/testkit'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { simulatorOf } from './rig.ts'

/** Requests of the victim's in each phase. */
const REQUESTS = { part: 40, all: 1_000 }
const REQUESTS_PER_SECOND = 20
/** Of the victim's latency, what a neighbour may add: twice as long and this. */
const SLACK_MS = 50
/** First tokens come later than the attacker's policy allows. */
const FIRST_TOKEN_MS = 150

let product: Product
let bomb: Server
let attacker: Visitor
let attackerKey: string
let victimKey: string

beforeAll(async () => {
  bomb = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'application/json' })
    if (request.method === 'GET') return void response.end('{"data":[]}')
    response.write('[')
    for (let sent = 0; sent < 63 * 1024 * 1024; sent += MANY_OBJECTS.length) response.write(MANY_OBJECTS)
    response.end('{}]')
  })
  await new Promise<void>((resolve) => bomb.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(bomb.address() as AddressInfo).port}`
  product = await startProduct({ environment: { EGRESS_ALLOW: address } })
  attacker = await signUp(product, 'mallory@example.org')
  attackerKey = (await attacker.makeKey('attacks')).key
  victimKey = (await (await signUp(product, 'bob@example.org')).makeKey('works')).key
  const box = { name: 'bomb', slug: 'bomb', dialect: 'openai', baseUrl: `http://${address}/v1`, upstreamModel: 'm' }
  const price = { prompt: '0', completion: '0', request: '0' }
  const made = await attacker.ask('POST', '/own-endpoints', {
    ...box,
    model: '~tenant/bomb',
    contextLength: 8_192,
    price,
  })
  expect([made.status, JSON.stringify(made.body).slice(0, 300)]).toMatchObject([201, expect.any(String)])
  const impatient = { name: 'impatient', document: { failover: { first_token_ms: 100 } } }
  const policy = (await attacker.ask('POST', '/policies', impatient)).body['data'] as { id: string }
  const { session } = (await attacker.ask('GET', '/session')).body as { session: { workspace: { id: string } } }
  const attached = await attacker.ask('PUT', `/workspaces/${session.workspace.id}/policy`, { policyId: policy.id })
  expect(attached.status).toBe(200)
  await simulatorOf(product).behave('*', { firstTokenMs: FIRST_TOKEN_MS, firstTokenSpread: 0 })
})
afterAll(async () => {
  bomb?.close()
  bomb?.closeAllConnections()
  await product?.drop()
})

const MANY_OBJECTS = '{},'.repeat(20_000)
const hello = { model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hello' }], max_tokens: 16 }
const many = (element: string) => `[${`${element},`.repeat(198_999)}${element}]`

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<unknown> {
  return fetch(`${product.api}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${attackerKey}`, 'content-type': 'application/json', ...headers },
    body,
  }).then((reply) => reply.arrayBuffer())
}

/** Bodies of 19 MB are announced, begun and held until the phase is over. */
async function unfinished(over: Promise<unknown>): Promise<void> {
  const { hostname, port } = new URL(product.api)
  const sockets = Array.from({ length: 30 }, () => {
    const socket: Socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    const head = `POST /api/v1/chat/completions HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${attackerKey}\r\n`
    socket.write(`${head}content-type: application/json\r\ncontent-length: 19000000\r\n\r\n{"model":"`)
    socket.write('x'.repeat(1_000_000))
    return socket
  })
  await over
  for (const socket of sockets) socket.destroy()
}

/** One step of each attack; it is repeated as long as the victim's requests go on. */
const ATTACKS: Readonly<Record<string, (over: Promise<unknown>) => Promise<unknown>>> = {
  'a number too large for a column': () =>
    post('/chat/completions', JSON.stringify({ ...hello, max_tokens: 2_147_483_648 })),
  'answers of 63 MB of its own endpoint': () =>
    post('/chat/completions', JSON.stringify({ ...hello, model: '~tenant/bomb' })),
  'a policy that gives up after 100 ms': () => post('/chat/completions', JSON.stringify({ ...hello, stream: true })),
  'providers scripted to fail': () => post('/chat/completions', JSON.stringify(hello), { 'x-sim-fault': 'status:500' }),
  'bodies of 199,000 wrong elements': () =>
    Promise.all([
      post('/chat/completions', `{"model":"sim/swift-8b","messages":${many('0')}}`),
      post('/chat/completions', `{"model":"sim/swift-8b","messages":[{"role":"user","content":${many('0')}}]}`),
      post('/embeddings', `{"model":"sim/vector","input":${many('"a"')}}`),
    ]),
  'wrong passwords of the victim': () =>
    attacker.ask('POST', '/sign-in', { email: 'bob@example.org', password: 'not the password' }),
  'bodies of 19 MB that do not end': unfinished,
}

interface Phase {
  readonly failures: readonly (string | null)[]
  readonly p99Ms: number
}

/** The victim's streams while the attacks are repeated, each by `ATTACKERS` at once. */
async function phase(attacks: readonly (typeof ATTACKS)[string][]): Promise<Phase> {
  const state = { isOver: false, end: () => {} }
  const over = new Promise<void>((resolve) => (state.end = resolve))
  const attacking = attacks.flatMap((attack) =>
    Array.from({ length: ATTACKERS }, async () => {
      while (!state.isOver) await attack(over).catch(() => undefined)
    }),
  )
  const load = startLoad({
    targets: [product.api],
    keys: [victimKey],
    rate: REQUESTS_PER_SECOND,
    retries: 0,
    kind: 'chat',
    streamed: 1,
    body: { max_tokens: 16 },
    timeoutMs: 30_000,
  })
  const requests = sampleSize(REQUESTS)
  await waitFor(() => load.finished() >= requests, { withinMs: 600_000, what: 'the requests of the victim' })
  const history = await load.stop()
  state.isOver = true
  state.end()
  await Promise.all(attacking)
  return {
    failures: history.requests.filter(({ ok }) => !ok).map(({ attempts }) => attempts.at(-1)?.type ?? null),
    p99Ms: percentile(
      history.requests.map(({ startedMs, endedMs }) => endedMs - startedMs),
      99,
    ),
  }
}
const ATTACKERS = 2

it(
  'no attack of one tenant fails a request of another’s, alone or all at once',
  { timeout: 1_800_000 },
  async (context) => {
    const alone = await phase([])
    expect(alone.failures).toEqual([])
    note(context, { 'p99 ms alone': Math.round(alone.p99Ms) })
    for (const [name, attacks] of [
      ...Object.entries(ATTACKS).map(([key, step]) => [key, [step]] as const),
      ['all at once', Object.values(ATTACKS)] as const,
    ]) {
      const { failures, p99Ms } = await phase(attacks)
      note(context, { [`p99 ms, ${name}`]: Math.round(p99Ms) })
      expect(failures, name).toEqual([])
      // A promise of 100 ms and more is for the slow suite.
      if (inject('everySample')) expect(p99Ms, name).toBeLessThanOrEqual(alone.p99Ms * 2 + SLACK_MS)
    }
  },
)
