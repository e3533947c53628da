import { REQUEST_OUTCOMES, UNKNOWN_MODEL, type RequestOutcome } from '@turnpike/domain'
import { signUp, startProduct, waitFor, type Product, type Visitor } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'

let product: Product
let ada: Visitor
let key: string
const beganAt = new Date(Date.now() - 60_000).toISOString()

beforeAll(async () => {
  product = await startProduct()
  ada = await signUp(product, 'ada@example.org')
  key = (await ada.makeKey('outcomes')).key
})
afterAll(() => product?.drop())

const SLOW = {
  'x-sim-instant': '0',
  'x-sim-first-token-ms': '10',
  'x-sim-tokens': '500',
  'x-sim-tokens-per-second': '5',
}

function ask(body: object = {}, headers: Record<string, string> = {}, signal: AbortSignal | null = null) {
  return fetch(`${product.api}/chat/completions`, {
    method: 'POST',
    signal,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'x-sim-instant': '1',
      ...headers,
    },
    body: JSON.stringify({ model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hello' }], ...body }),
  })
}

/** Reads the first bytes, then hangs up. */
async function hangUp(): Promise<void> {
  const line = new AbortController()
  const reply = await ask({ stream: true }, SLOW, line.signal)
  await reply.body?.getReader().read()
  line.abort()
}

/** How many requests end in each way. */
const MADE: Record<RequestOutcome, number> = { succeeded: 3, failed: 2, interrupted: 1, cancelled: 1, rejected: 2 }
const TOTAL = Object.values(MADE).reduce((sum, one) => sum + one, 0)

it('counts every outcome alike on the requests page, on the usage page, in what-if reports and for each request', async () => {
  for (let i = 0; i < MADE.succeeded; i++) expect((await ask()).status).toBe(200)
  for (let i = 0; i < MADE.failed; i++) expect((await ask({}, { 'x-sim-fault': 'status:500' })).status).toBe(503)
  const cut = await ask({ stream: true }, { 'x-sim-fault': 'cut' })
  expect(cut.status).toBe(200)
  await cut.text()
  await hangUp()
  for (let i = 0; i < MADE.rejected; i++) expect((await ask({ provider: { only: ['openai'] } })).status).toBe(404)

  const rows = await waitFor(
    async () => {
      const data = await listed('')
      return data.length === TOTAL ? data : null
    },
    { withinMs: 20_000, what: 'all rows' },
  )
  const totals = await usage()
  const report = await whatIf()
  for (const outcome of REQUEST_OUTCOMES) {
    const filtered = await listed(`&filter[outcome]=${outcome}`)
    const counted = {
      rows: rows.filter((row) => row.outcome === outcome).length,
      filtered: filtered.length,
      usage: totals[outcome],
      whatIf: report[outcome],
    }
    const made = MADE[outcome]
    expect([outcome, counted]).toEqual([outcome, { rows: made, filtered: made, usage: made, whatIf: made }])
  }
  expect(totals['requests']).toBe(TOTAL)
})

it('keeps a refused request under the id that its answer carries, with what was wrong, within three seconds', async () => {
  const cases: [body: object, diagnosis: object][] = [
    [{ max_tokens: -5 }, { code: 'parameter_invalid', about: 'max_tokens' }],
    [{ model: 'sim/swift-8' }, { code: 'model_unknown', about: 'sim/swift-8b' }],
  ]
  for (const [body, diagnosis] of cases) {
    const refused = await ask(body)
    expect(refused.status).toBe(400)
    const id = refused.headers.get('x-generation-id') ?? ''
    const row = await waitFor(
      async () => {
        const found = await ada.ask('GET', `/requests/${id}`)
        return found.status === 200 ? found.body['data'] : null
      },
      { withinMs: 3_000, what: 'the row of a refused request' },
    )
    expect(row).toMatchObject({ outcome: 'rejected', status: 400, costNano: '0', attempts: 0, diagnosis })
    const generation = await fetch(`${product.api}/generation?id=${id}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    expect(generation.status).toBe(200)
  }
})

it('keeps a request to a path without /v1 for the organisation of its key, and for nobody without a key', async () => {
  const origin = new URL(product.api).origin
  const send = (authorization: string) =>
    fetch(`${origin}/chat/completions`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: '{}',
    })
  const nobody = await send('Bearer sk-proj-0')
  const refused = await send(`Bearer ${key}`)
  expect([nobody.status, refused.status]).toEqual([404, 404])
  const id = (reply: Response) => reply.headers.get('x-generation-id') ?? ''
  const row = await waitFor(
    async () => {
      const found = await ada.ask('GET', `/requests/${id(refused)}`)
      return found.status === 200 ? found.body['data'] : null
    },
    { withinMs: 3_000, what: 'the row of a request to a wrong path' },
  )
  expect(row).toMatchObject({ outcome: 'rejected', diagnosis: { code: 'base_url_without_v1', about: null } })
  expect((await ada.ask('GET', `/requests/${id(nobody)}`)).status).toBe(404)
})

it('records a repeated refusal a few times a second, and never more', async () => {
  const before = (await listed('&filter[outcome]=rejected')).length
  const began = performance.now()
  const refused = await Promise.all(Array.from({ length: 60 }, () => ask({ max_tokens: -5 })))
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([400]))
  const seconds = Math.ceil((performance.now() - began) / 1_000) + 1
  // What comes last arrives last.
  await ask()
  await waitFor(async () => (await listed('&filter[outcome]=succeeded')).length === MADE.succeeded + 1, {
    withinMs: 3_000,
    what: 'the row behind the refusals',
  })
  const recorded = (await listed('&filter[outcome]=rejected')).length - before
  expect(recorded).toBeGreaterThan(0)
  expect(recorded).toBeLessThanOrEqual(5 * seconds)
})

it('counts the names that callers make up as one model, and the filter finds as many requests as the series has', async () => {
  const series = async () => {
    const later = new Date(Date.now() + 60_000).toISOString()
    const { body } = await ada.ask('GET', `/usage?from=${beganAt}&to=${later}&bucket=auto&groupBy=model`)
    const buckets = body['buckets'] as { series: Record<string, { requests: number }> }[]
    const requests = buckets.reduce((sum, bucket) => sum + (bucket.series[UNKNOWN_MODEL]?.requests ?? 0), 0)
    return { names: body['names'] as string[], requests }
  }
  const before = await series()
  const made = Array.from({ length: 20 }, (_, i) => `junk/${'x'.repeat(8 * i)}`)
  for (const model of made) expect((await ask({ model })).status).toBe(400)
  await waitFor(async () => (await series()).requests === before.requests + made.length, { withinMs: 5_000 })
  const { names, requests } = await series()
  expect(new Set(names)).toEqual(new Set(['sim/swift-8b', UNKNOWN_MODEL]))
  const rows = await listed(`&filter[model]=${encodeURIComponent(UNKNOWN_MODEL)}`)
  expect(rows.length).toBe(requests)
  expect(Math.max(...rows.map(({ requestedModel }) => requestedModel.length))).toBe(64)
})

interface Row {
  readonly requestedModel: string
  readonly outcome: string
}

async function listed(filter: string): Promise<Row[]> {
  return (await ada.ask('GET', `/requests?limit=100${filter}`)).body['data'] as Row[]
}

async function usage(): Promise<Record<string, number>> {
  const later = new Date(Date.now() + 60_000).toISOString()
  const { body } = await ada.ask('GET', `/usage?from=${beganAt}&to=${later}&bucket=auto&groupBy=model`)
  return body['totals'] as Record<string, number>
}

/** What happened, as a report on a draft has it. */
async function whatIf(): Promise<Record<string, number>> {
  const body = { document: { objective: 'cost' }, from: beganAt, to: new Date().toISOString() }
  const started = await ada.ask('POST', '/what-if', body)
  expect(started.status).toBe(202)
  const { id } = started.body['data'] as { id: string }
  return waitFor(
    async () => {
      const { report } = (await ada.ask('GET', `/what-if/${id}`)).body['data'] as { report: Report | null }
      return report?.totals.happened ?? null
    },
    { withinMs: 60_000, what: 'the report' },
  )
}

interface Report {
  readonly totals: { readonly happened: Record<string, number> }
}
