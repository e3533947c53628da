import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ownTarget, type EndpointId, type OwnId, type TargetId } from '@turnpike/domain'
import { createMetrics, Egress } from '@turnpike/server'
import { aCatalogue, aModel, anEndpoint } from '@turnpike/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { gatewayConfig } from '../config.ts'
import { TenantHealth } from './tenant-health.ts'
import { HealthTracker } from './tracker.ts'
import { probe } from './probe.ts'
import { healthMetrics } from './health-metrics.ts'
import { showMetric } from '@turnpike/server'
import { targetDirectory, type TargetDirectory } from '../targets/target.ts'

const acorn = 'acorn/sim/swift-8b' as EndpointId
const vectors = 'acorn/sim/vectors' as EndpointId
const ANSWER = { choices: [{ message: { role: 'assistant', content: 'p' }, finish_reason: 'length' }], usage: {} }

let server: Server
let egress: Egress
let directory: TargetDirectory
let answer: { status: number; body: unknown; headers?: Record<string, string> }
const asked: { readonly path: string | undefined; readonly body: Record<string, unknown> }[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    void textOf(request).then((text) => {
      asked.push({ path: request.url, body: JSON.parse(text) as Record<string, unknown> })
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const config = gatewayConfig({
    DATABASE_URL: 'postgres://nowhere',
    KEY_SECRETS: 'none',
    JOURNAL_DIR: 'none',
    SIMULATOR_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
  const models = [aModel(), aModel('sim/vectors', { outputModalities: ['embeddings'] })]
  directory = targetDirectory(aCatalogue([anEndpoint(), anEndpoint('acorn', 'sim/vectors')], { models }), config)
  egress = new Egress({ connectTimeoutMs: 1_000, connectionsMax: 4 })
})

beforeEach(() => void asked.splice(0))

afterAll(async () => {
  await egress.close()
  await new Promise((resolve) => server.close(resolve))
})

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request) text += String(piece)
  return text
}

/** A tracker whose endpoint fell and whose time is over. */
function fallen(endpoint: TargetId = acorn) {
  const tracker = new HealthTracker({ dice: () => 0.5 })
  for (let i = 0; i < 5; i++) tracker.note(endpoint, { ok: false }, 0)
  const clock = { nowMs: 20_000 }
  return { tracker, clock, means: { tracker, egress, directory: () => directory, nowMs: () => clock.nowMs } }
}

it('asks for one token and brings back what answers', async () => {
  answer = { status: 200, body: ANSWER }
  const { tracker, means } = fallen()
  await probe(acorn, means)
  expect(asked).toMatchObject([{ path: '/acorn/v1/chat/completions', body: { max_tokens: 1 } }])
  expect(asked[0]?.body['stream']).not.toBe(true)
  expect(tracker.stats(20_000)).toMatchObject({ down: 0, probes: 1 })
})

it('leaves down for longer what fails, and what answers with something else', async () => {
  for (const [status, body] of [
    [503, {}],
    [401, {}],
    [200, 'no answer'],
  ] as const) {
    answer = { status, body }
    const { tracker, means } = fallen()
    await probe(acorn, means)
    expect(tracker.admit(acorn, 47_999, false), String(status)).toBe('skip')
    expect(tracker.admit(acorn, 48_000, false)).toBe('probe')
  }
})

it('takes a refusal of the question for a sign of life, and a rate limit for a wish', async () => {
  answer = { status: 400, body: { error: { message: 'max_tokens is too small' } } }
  const refused = fallen()
  await probe(acorn, refused.means)
  expect(refused.tracker.stats(20_000).down).toBe(0)
  answer = { status: 429, body: {}, headers: { 'retry-after': '7' } }
  const limited = fallen()
  await probe(acorn, limited.means)
  expect(limited.tracker.admit(acorn, 26_999, false)).toBe('skip')
  expect(limited.tracker.admit(acorn, 27_001, false)).toBe('probe')
})

it('asks once however often it is sent, and never what does not answer in text or is not there', async () => {
  answer = { status: 200, body: ANSWER }
  const { means } = fallen()
  await Promise.all([probe(acorn, means), probe(acorn, means), probe(acorn, means)])
  expect(asked).toHaveLength(1)
  await probe(vectors, fallen(vectors).means)
  const gone = 'acorn/gone' as EndpointId
  await probe(gone, fallen(gone).means)
  await probe(acorn, { ...fallen().means, directory: () => null })
  expect(asked).toHaveLength(1)
})

it('never asks by a tenant’s own credential: nobody spends a tenant’s money unasked', async () => {
  const owned = ownTarget(acorn, 'mine' as OwnId)
  const { tracker, means } = fallen(owned)
  await probe(owned, means)
  expect(asked).toEqual([])
  expect(tracker.stats(20_000)).toMatchObject({ probes: 0, own: { down: 1 } })
})

it('what stands how can be scraped', async () => {
  const { tracker } = fallen()
  const share = { connected: true, stats: { sent: 1, lost: 2, received: 3, ignored: 4 } }
  const registry = createMetrics('test')
  for (const metric of healthMetrics(new TenantHealth(tracker), share, () => 0)) showMetric(metric, [registry])
  const text = await registry.metrics()
  for (const line of [
    /^turnpike_endpoints\{state="down".*\} 1$/m,
    /^turnpike_own_targets\{state="known".*\} 0$/m,
    /^turnpike_endpoint_falls_total.* 1$/m,
    /^turnpike_endpoint_probes_total.* 0$/m,
    /^turnpike_health_shared.* 1$/m,
    /^turnpike_health_messages_total\{fate="ignored".*\} 4$/m,
  ])
    expect(text).toMatch(line)
})
