import { afterAll, beforeAll, expect, it } from 'vitest'
import { KeyCreated, ModelList, RequestAnswer, RequestList, UsageAnswer, type RequestRow } from '@turnpike/contract'
import { startControl, verifiedPerson, type Person, type RunningControl } from './control-process.ts'
import { ship } from './usage-rows.ts'

let running: RunningControl
let person: Person
let keyId: string
let ids: string[]

const NOON = new Date(new Date().setUTCHours(0, 0, 0, 0) - 12 * 3_600_000)
const at = (minutes: number) => new Date(NOON.getTime() + minutes * 60_000).toISOString()
const SPAN = `from=${at(-60)}&to=${at(600)}`

beforeAll(async () => {
  running = await startControl()
  person = await verifiedPerson(running)
  keyId = KeyCreated.parse((await person.visitor.post('/keys', { name: 'a key', kind: 'live' })).body).data.id
  const failed = {
    status: 502,
    outcome: 'failed',
    fault: 'upstream_error',
    cost_nano: '0',
    completion_tokens: 0,
    first_token_ms: null,
  }
  ids = await ship(running, person, keyId, [
    { began_at: at(1) },
    { began_at: at(2), provider: 'birch', endpoint_id: 'birch/sim/swift-8b', cost_nano: '11205' },
    { began_at: at(20), ...failed, model: null, provider: null, endpoint_id: null, price_version: null },
    {
      began_at: at(130),
      prompt_tokens: 1_001,
      cache_read_tokens: 500,
      completion_tokens: 77,
      reasoning_tokens: 33,
      cost_nano: '65451',
    },
  ])
})
afterAll(() => running.close())

async function rows(query = ''): Promise<RequestRow[]> {
  return RequestList.parse((await person.visitor.get(`/requests?limit=100${query}`)).body).data
}

it('lists requests newest first, page by page', async () => {
  const first = RequestList.parse((await person.visitor.get('/requests?limit=3')).body)
  const second = RequestList.parse((await person.visitor.get(`/requests?limit=3&cursor=${first.nextCursor}`)).body)
  expect([first.hasMore, second.hasMore]).toEqual([true, false])
  expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids.map((id) => `gen-${id}`).toReversed())
})

it.each([
  ['&filter[outcome]=failed', 1],
  ['&filter[outcome]=succeeded', 3],
  ['&filter[provider]=birch', 1],
  ['&filter[model]=sim/swift-8b', 4],
  ['&filter[model]=none', 0],
  [`&from=${at(2)}&to=${at(20)}`, 1],
])('narrows the list by %s', async (query, count) => {
  expect(await rows(query)).toHaveLength(count)
})

it('shows why a request went where it went, every attempt, and a bill that adds up to its cost', async () => {
  const answer = await person.visitor.get(`/requests/gen-${ids[3]}`)
  const { data } = RequestAnswer.parse(answer.body)
  expect(data).toMatchObject({ keyName: 'a key', priceVersion: 1, finishReason: 'stop', attempts: 1 })
  expect(data.attemptList).toEqual([
    expect.objectContaining({
      provider: 'acorn',
      startMs: 2,
      firstTokenMs: 120,
      endMs: 350,
      outcome: 'answered',
      status: 200,
    }),
  ])
  expect(data.decision).toMatchObject({ objective: 'balanced', draw: 0.25, targets: ['acorn/sim/swift-8b'] })
  expect(data.decision?.candidates[0]).toMatchObject({ expectedNano: '12450', failureRate: 0.01 })
  expect(data.decision?.removed).toEqual([{ endpoint: 'birch/sim/swift-8b', stage: 'deny' }])
  const sum = data.bill.reduce((total, { amountNano }) => total + BigInt(amountNano), 0n)
  expect(sum).toBe(BigInt(data.costNano))
  expect(data.bill.map(({ label, tokens }) => [label, tokens])).toEqual(
    expect.arrayContaining([
      ['prompt', 501],
      ['cache_read', 500],
      ['completion', 44],
      ['reasoning', 33],
    ]),
  )
})

it('bills nothing for a request that failed', async () => {
  const { data } = RequestAnswer.parse((await person.visitor.get(`/requests/gen-${ids[2]}`)).body)
  expect([data.bill, data.costNano, data.fault]).toEqual([[], '0', 'upstream_error'])
})

it.each(['none', 'model', 'provider', 'key'])(
  'sums usage by %s so that buckets, totals and rows agree',
  async (groupBy) => {
    const usage = UsageAnswer.parse((await person.visitor.get(`/usage?${SPAN}&groupBy=${groupBy}`)).body)
    const figures = usage.buckets.flatMap(({ series }) => Object.values(series))
    const all = await rows()
    for (const figure of ['requests', 'promptTokens', 'completionTokens'] as const) {
      const summed = figures.reduce((sum, one) => sum + one[figure], 0)
      const counted = figure === 'requests' ? all.length : all.reduce((sum, row) => sum + row[figure], 0)
      expect([figure, summed, usage.totals[figure]]).toEqual([figure, counted, counted])
    }
    const cost = all.reduce((sum, row) => sum + BigInt(row.costNano), 0n)
    expect(figures.reduce((sum, one) => sum + BigInt(one.costNano), 0n)).toBe(cost)
    expect(BigInt(usage.totals.costNano)).toBe(cost)
    expect(usage.totals.failed).toBe(1)
    expect(usage.totals.succeeded).toBe(all.filter(({ outcome }) => outcome === 'succeeded').length)
    expect(new Set(usage.buckets.flatMap(({ series }) => Object.keys(series)))).toEqual(new Set(usage.names))
  },
)

it('begins hours and days in the requested zone', async () => {
  const query = `/usage?${SPAN}&bucket=3600&timeZone=Asia/Kathmandu`
  const usage = UsageAnswer.parse((await person.visitor.get(query)).body)
  expect(new Set(usage.buckets.map(({ startAt }) => startAt.slice(14, 16)))).toEqual(new Set(['15']))
})

it('names keys, puts the most expensive series first, and says when the last bucket is not over', async () => {
  const byKey = UsageAnswer.parse((await person.visitor.get(`/usage?${SPAN}&groupBy=key`)).body)
  expect([byKey.names, byKey.labels, byKey.partialUntil]).toEqual([[keyId], { [keyId]: 'a key' }, null])
  const byProvider = UsageAnswer.parse((await person.visitor.get(`/usage?${SPAN}&groupBy=provider`)).body)
  expect(byProvider.names).toEqual(['acorn', 'birch', 'all'])
  const later = new Date(Date.now() + 3_600_000).toISOString()
  const unfinished = UsageAnswer.parse((await person.visitor.get(`/usage?from=${at(0)}&to=${later}`)).body)
  expect(Date.parse(unfinished.partialUntil ?? '')).toBeLessThanOrEqual(Date.now())
})

it('lists models with their endpoints and prices, the cheapest first, simulated ones marked', async () => {
  const { data } = ModelList.parse((await person.visitor.get('/models')).body)
  const swift = data.find(({ slug }) => slug === 'sim/swift-8b')
  expect(swift?.endpoints.length).toBe(6)
  expect(swift?.endpoints.every(({ simulated }) => simulated)).toBe(true)
  const prices = swift?.endpoints.map(({ promptPerMillionNano }) => Number(promptPerMillionNano)) ?? []
  expect(prices).toEqual(prices.toSorted((a, b) => a - b))
})

it('knows when a key was last used, and not only the quarter of the hour', async () => {
  const listed = await person.visitor.get('/keys')
  const [key] = (listed.body as { data: { lastUsedAt: string }[] }).data
  expect(key?.lastUsedAt).toBe(at(130))
})
