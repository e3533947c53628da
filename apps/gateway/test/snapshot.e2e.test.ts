import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { mintKey, newSecretsText, openKeySecrets, openPrisma, revokeKey } from '@turnpike/store'
import { limitMs, startFleet, waitFor, type Fleet, type FleetGateway, type FleetKey } from '@turnpike/testkit'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'

/** From the return of a store to an answer. */
const HEALED_MS_MAX = 5_000
/** A start asks a silent PostgreSQL for two seconds and then goes on without it. */
const START_MS_MAX = 12_000

let fleet: Fleet
let gateway: FleetGateway
let used: FleetKey
let revoked: FleetKey
let unused: FleetKey
let doomed: FleetKey
/** Well formed, signed with other secrets under the same id. */
const forged = mintKey(openKeySecrets(newSecretsText()), 'live').key

beforeAll(async () => {
  fleet = await startFleet({ gateways: 1, keys: 4, snapshot: true })
  const [first] = fleet.gateways
  const [one, two, three, four] = fleet.keys
  if (!first || !one || !two || !three || !four) throw new Error('a gateway and four keys were asked for')
  gateway = first
  used = one
  revoked = two
  unused = three
  doomed = four
  expect((await chat(used.key)).status).toBe(200)
  expect((await chat(revoked.key)).status).toBe(200)
  await revoke(revoked)
  await waitFor(async () => (await chat(revoked.key)).status === 401, { withinMs: 5_000 })
})
afterAll(() => fleet?.drop())

beforeEach(async () => {
  await Promise.all([gateway.redis.heal(), gateway.postgres.heal()])
  await gateway.start()
})

it.each(['refuse', 'blackHole'] as const)(
  'starts with both stores gone (%s): keys in use get answers, a revoked one 401, an unseen one 503 in a second, a forged one 401',
  async (kind) => {
    await gateway.stop()
    const { mode } = await stat(snapshotFile())
    expect(mode & 0o777).toBe(0o600)
    expect(await readdir(path.dirname(snapshotFile()))).toEqual([path.basename(snapshotFile())])
    await loseBoth(kind)
    const startedMs = performance.now()
    await gateway.start()
    expect(performance.now() - startedMs).toBeLessThan(limitMs(START_MS_MAX))

    const answer = await chat(used.key)
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.text).toContain('"finish_reason"')
    expect(await chat(revoked.key)).toMatchObject({ status: 401 })
    expect(await chat(forged)).toMatchObject({ status: 401 })
    const beganMs = performance.now()
    const unseen = await chat(unused.key)
    expect(performance.now() - beganMs).toBeLessThan(limitMs(1_000))
    expect(unseen).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) })
    expect(unseen.text).toContain('auth_unavailable')
    expect(await livesOn()).toMatchObject({ catalogue: 'snapshot' })
    expect((await gateway.metrics()).get('turnpike_snapshot_refused_total')).toBe(0)
  },
)

it('heals without a restart when the stores are back', async () => {
  await gateway.stop()
  await loseBoth('refuse')
  await gateway.start()
  const { pid } = gateway
  expect((await chat(unused.key)).status).toBe(503)
  await Promise.all([gateway.redis.heal(), gateway.postgres.heal()])
  await waitFor(async () => (await chat(unused.key)).status === 200, { withinMs: HEALED_MS_MAX })
  await waitFor(async () => (await livesOn()).catalogue === 'postgres', { withinMs: HEALED_MS_MAX + 1_000 })
  expect((await gateway.ready()).ready).toBe(true)
  expect(gateway.pid).toBe(pid)
})

it('never lets a key in that was revoked while it was down', async () => {
  const key = doomed
  await waitFor(async () => (await chat(key.key)).status === 200, { withinMs: HEALED_MS_MAX })
  await gateway.stop()
  await revoke(key)
  await gateway.start()
  await waitFor(async () => (await gateway.ready()).ready, { withinMs: HEALED_MS_MAX })
  expect(await chat(key.key)).toMatchObject({ status: 401 })
})

it('without a snapshot and without stores it is alive and not ready, refuses by proof only, and heals', async () => {
  await gateway.stop()
  await rm(snapshotFile())
  await loseBoth('refuse')
  await gateway.start()
  expect((await fetch(`${gateway.root}/livez`)).status).toBe(200)
  expect((await gateway.ready()).ready).toBe(false)
  for (const key of [used.key, unused.key]) {
    const answer = await chat(key)
    expect(answer).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) })
  }
  expect(await chat(forged)).toMatchObject({ status: 401 })
  expect(await livesOn()).toMatchObject({ catalogue: null })
  await Promise.all([gateway.redis.heal(), gateway.postgres.heal()])
  await waitFor(async () => (await gateway.ready()).ready, { withinMs: HEALED_MS_MAX })
  await waitFor(async () => (await chat(used.key)).status === 200, { withinMs: HEALED_MS_MAX })
})

it('a damaged snapshot is logged once, counted, and not used; the start goes on', async () => {
  await chat(used.key)
  await gateway.stop()
  const bytes = await readFile(snapshotFile())
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 20) ^ 1, bytes.length - 20)
  await writeFile(snapshotFile(), bytes)
  await loseBoth('refuse')
  await gateway.start()
  expect((await chat(used.key)).status).toBe(503)
  expect((await gateway.metrics()).get('turnpike_snapshot_refused_total')).toBe(1)
  expect(gateway.log().match(/the snapshot is not used/g)).toHaveLength(1)
  expect(gateway.log()).toContain('it was altered, cut short or sealed with another key')
})

function snapshotFile(): string {
  return path.join(fleet.home, 'gateway-1', 'snapshot', 'keys')
}

async function loseBoth(kind: 'refuse' | 'blackHole'): Promise<void> {
  await Promise.all([gateway.redis.set({ kind }), gateway.postgres.set({ kind })])
}

async function chat(key: string): Promise<{ status: number; text: string; retryAfter: string | null }> {
  const reply = await fetch(`${gateway.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sim/swift-8b', messages: [{ role: 'user', content: 'hello' }] }),
  })
  return { status: reply.status, text: await reply.text(), retryAfter: reply.headers.get('retry-after') }
}

async function livesOn(): Promise<Record<string, unknown>> {
  const body = (await (await fetch(`${gateway.opsUrl}/readyz`)).json()) as { livesOn: Record<string, unknown> }
  return body.livesOn
}

/** As control does it, in Postgres. */
async function revoke(key: FleetKey): Promise<void> {
  const prisma = await openPrisma(fleet.postgres.appUrl, {
    max: 1,
    statementTimeoutMs: 10_000,
    connectTimeoutMs: 5_000,
    applicationName: 'turnpike test',
  })
  try {
    await revokeKey(prisma, { tenantId: key.tenantId, userId: null }, key.id, Date.now())
  } finally {
    await prisma.$disconnect()
  }
}
