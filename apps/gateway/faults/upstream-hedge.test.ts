import { inTransaction } from '@turnpike/store'
import { note, percentile, waitFor } from '@turnpike/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { dice } from '../src/stores/outage.fixture.ts'
import { attachHedge, COMPLETION_TOKENS, lognormal, PIECES, startPacer, type Pacer } from './hedging.fixture.ts'
import { MODEL, PRIMARY, useUpstreams, type Upstreams } from './upstream-rig.fixture.ts'

const current = useUpstreams()

/** Asked beside the primary when that is slow: at twice its price. */
const SECOND = 'acorn'
/** A request of either tenant in turn; the first hundreds make the figures that a hedge waits for. */
const RATE = 60
const WARM_UP_MS = 10_000
const MEASURED_MS = 30_000
/** Ten times its median in the slowest of a hundred. */
const SLOW = { medianMs: 80, spread: Math.log(10) / 2.326 }
const STEADY = { medianMs: 40, spread: 0.3 }
/** By which 95 of a hundred losers are off the line; a machine that stops for a moment stops them too. */
const CLOSED_WITHIN_MS = 50
/** Keys are dealt out among tenants in turn. */
const [HEDGED, PLAIN] = [0, 1]

interface Received {
  readonly key: number
  readonly isMeasured: boolean
  readonly requestId: string
  readonly status: number
  readonly firstMs: number
  readonly text: string
}

it('D20 a provider’s p99 is ten times its p50: p99 within 1.3 times its p95, 5 % more requests, billed once', async (context) => {
  const upstreams = current()
  const { fleet, keys } = upstreams
  const tenantId = keys[HEDGED]?.tenantId
  if (!tenantId) throw new Error('the fleet has no keys')
  const detach = await attachHedge(fleet, tenantId, 5)
  onTestFinished(detach)
  const roll = dice()
  const slow = await pacer(upstreams, PRIMARY, 'slow', lognormal(SLOW.medianMs, SLOW.spread, roll))
  const fast = await pacer(upstreams, SECOND, 'fast', lognormal(STEADY.medianMs, STEADY.spread, roll))
  const received = await converse(upstreams)

  const of = (key: number) => received.filter((one) => one.key === key)
  const firstMs = (key: number) => of(key).flatMap((one) => (one.isMeasured ? [one.firstMs] : []))
  const [plainMs, hedgedMs] = [firstMs(PLAIN), firstMs(HEDGED)]
  const extra = asksOf(of(HEDGED), slow, fast) - of(HEDGED).length
  const lateMs = closingsMs(of(HEDGED), slow, fast)
  const at = (times: readonly number[], p: number) => Math.round(percentile(times, p))
  note(context, {
    ...{
      requests: received.length,
      'p50 alone': at(plainMs, 50),
      'p95 alone': at(plainMs, 95),
      'p99 alone': at(plainMs, 99),
    },
    ...{ 'p50 hedged': at(hedgedMs, 50), 'p95 hedged': at(hedgedMs, 95), 'p99 hedged': at(hedgedMs, 99) },
    ...{ 'extra %': (100 * extra) / of(HEDGED).length, losers: lateMs.length },
    refused: await refusedOf(upstreams),
    'loser closed after ms, p50, p95, max': [50, 95, 100].map((p) => at(lateMs, p)).join(', '),
  })
  expect(failuresOf(received)).toEqual({})
  expect(received.filter(({ text }) => !WHOLE.includes(text))).toEqual([])
  expect(asksOf(of(PLAIN), slow, fast)).toBe(of(PLAIN).length)
  expect(percentile(plainMs, 99)).toBeGreaterThan(5 * percentile(plainMs, 50))
  expect(percentile(hedgedMs, 99)).toBeLessThanOrEqual(1.3 * percentile(plainMs, 95))
  expect(extra).toBeGreaterThan(0.02 * of(HEDGED).length)
  expect(extra).toBeLessThanOrEqual(0.05 * of(HEDGED).length)
  expect(lateMs.length).toBeGreaterThan(20)
  expect(percentile(lateMs, 95)).toBeLessThanOrEqual(CLOSED_WITHIN_MS)
  expect(percentile(lateMs, 100)).toBeLessThanOrEqual(10 * CLOSED_WITHIN_MS)
  await expectBilledOnce(upstreams, received)
}, 120_000)

async function pacer(upstreams: Upstreams, provider: string, name: string, firstMs: () => number): Promise<Pacer> {
  const made = await startPacer(name, firstMs)
  upstreams.reroute(provider, made.origin)
  onTestFinished(() => {
    upstreams.reroute(provider, null)
    return made.close()
  })
  return made
}

const WHOLE = ['slow', 'fast'].map((name) => Array.from({ length: PIECES }, (_, piece) => `${name}${piece} `).join(''))

/** Streams of two tenants, one that hedges and one that does not, in turn and at one pace. */
async function converse(upstreams: Upstreams): Promise<Received[]> {
  const asked: Promise<Received>[] = []
  const beganMs = performance.now()
  const endsMs = beganMs + WARM_UP_MS + MEASURED_MS
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const nowMs = performance.now()
      while (asked.length < ((Math.min(nowMs, endsMs) - beganMs) * RATE) / 1_000) {
        asked.push(readStream(upstreams, asked.length % 2 === 0 ? HEDGED : PLAIN, nowMs > beganMs + WARM_UP_MS))
      }
      if (nowMs < endsMs) return
      clearInterval(timer)
      resolve()
    }, 1)
  })
  return Promise.all(asked)
}

/** One stream, read to its end. A stream that breaks has status 0 and the error as its text. */
async function readStream(upstreams: Upstreams, key: number, isMeasured: boolean): Promise<Received> {
  const broken = { key, isMeasured, requestId: '', status: 0, firstMs: Number.NaN }
  const beganMs = performance.now()
  try {
    const reply = await ask(upstreams, key)
    const requestId = (reply.headers.get('x-generation-id') ?? '').replace(/^gen-/, '')
    let body = ''
    let firstMs = Number.NaN
    for await (const bytes of reply.body ?? []) {
      body += Buffer.from(bytes).toString()
      if (Number.isNaN(firstMs) && body.includes('"content":"')) firstMs = performance.now() - beganMs
    }
    const text = [...body.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece).join('')
    return { key, isMeasured, requestId, status: reply.status, firstMs, text: reply.ok ? text : body }
  } catch (thrown) {
    return { ...broken, text: thrown instanceof Error ? `${thrown.message}: ${String(thrown.cause)}` : 'broken' }
  }
}

function ask({ api, keys }: Upstreams, key: number): Promise<Response> {
  return fetch(`${api}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys[key]?.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ model: MODEL, stream: true, max_tokens: COMPLETION_TOKENS, provider: { order: [PRIMARY, SECOND] } },
      messages: [{ role: 'user', content: 'hello' }],
    }),
  })
}

/** Second targets that were due and not asked, by why. */
async function refusedOf(upstreams: Upstreams): Promise<string> {
  const lines = (await upstreams.metrics()).matchAll(/^turnpike_hedges_refused_total\{reason="(\w+)".*\} (\d+)$/gm)
  return [...lines].map(([, reason, times]) => `${reason} ${times}`).join(', ')
}

/** What was not served, with how many of each. */
function failuresOf(received: readonly Received[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, text } of received) {
    const what = `${status} ${/"code":"\w+"/.exec(text)?.[0] ?? text}`
    if (status !== 200) counts[what] = (counts[what] ?? 0) + 1
  }
  return counts
}

/** How often providers were asked for these requests. */
function asksOf(received: readonly Received[], ...providers: readonly Pacer[]): number {
  const ids = new Set(received.map(({ requestId }) => requestId))
  return providers.flatMap(({ turns }) => turns.filter(({ requestId }) => ids.has(requestId))).length
}

/** How long after the winner's first byte each loser's line was closed. */
function closingsMs(received: readonly Received[], ...providers: readonly Pacer[]): number[] {
  const turns = providers.flatMap((provider) => provider.turns)
  return received.flatMap(({ requestId }) => {
    const [one, other] = turns.filter((turn) => turn.requestId === requestId)
    if (!one || !other) return []
    const [winner, loser] = other.abortedMs === null ? [other, one] : [one, other]
    return [(loser.abortedMs ?? Number.NaN) - (winner.firstMs ?? Number.NaN)]
  })
}

/** One row per request, and each costs what one answer costs at the provider that gave it. */
async function expectBilledOnce({ fleet }: Upstreams, received: readonly Received[]): Promise<void> {
  const providerOf = new Map(
    received.map(({ requestId, text }) => [requestId, text.startsWith('slow') ? PRIMARY : SECOND]),
  )
  const billed = async () => {
    const { rows } = await inTransaction(
      fleet.postgres.pool,
      (client) =>
        client.query<{ id: string; provider: string; cost: string }>(
          'SELECT request_id AS id, provider, cost_nano::text AS cost FROM usage_events WHERE request_id = ANY ($1)',
          [[...providerOf.keys()]],
        ),
      'BEGIN; SET LOCAL ROLE turnpike_system',
    )
    return rows.length >= received.length ? rows : null
  }
  const rows = await waitFor(billed, { withinMs: 20_000, what: 'all requests in the database' })
  expect(rows).toHaveLength(received.length)
  expect(rows.filter(({ id, provider }) => providerOf.get(id) !== provider)).toEqual([])
  for (const provider of [PRIMARY, SECOND]) {
    const costs = new Set(rows.flatMap((row) => (row.provider === provider ? [row.cost] : [])))
    expect([provider, costs.size]).toEqual([provider, 1])
  }
}
