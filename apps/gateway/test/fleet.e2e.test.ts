import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import {
  judge,
  ratePerSecond,
  slowdown,
  startFleet,
  startLoad,
  waitFor,
  watchProcesses,
  type Fleet,
  type Load,
} from '@turnpike/testkit'
import { build } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const KEYS = 50
const STARTED_MS_MAX = 60_000

describe('two gateways under load', () => {
  let fleet: Fleet
  let keys: string[]
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2, keys: KEYS })
    keys = fleet.keys.map(({ key }) => key)
  })
  afterAll(() => fleet?.drop())

  it('losing the whole cache loses no request, and each node asks for each key once at most', async () => {
    await acquaint(fleet)
    const targets = fleet.gateways.map(({ url }) => url)
    const loads = [
      startLoad({ targets, keys, rate: ratePerSecond(200), kind: 'identify' }),
      startLoad({ targets, keys, rate: ratePerSecond(20), kind: 'chat', streamed: 0.5 }),
    ]
    await answered(loads, 600)
    const processes = await watchProcesses(fleet.gateways)
    const before = fleet.gateways.map(({ asked }) => asked.digests)
    await fleet.redis.flush()
    await answered(loads, 1_200)
    const histories = await Promise.all(loads.map((load) => load.stop()))
    const requests = histories.flatMap((history) => history.requests)
    const unserved = requests.filter(({ ok }) => !ok).flatMap(({ attempts }) => attempts.map(({ type }) => type))
    expect(unserved).toEqual([])
    const clean = { wrong401: 0, served_after_revocation: 0, internal: 0, failed: 0, foreign: 0 }
    expect(judge({ requests }, { validKeys: new Set(keys) })).toEqual(clean)
    // A look-up that takes a busy machine too long is made again.
    const digestsMax = KEYS * (slowdown() > 1.1 ? 2 : 1)
    for (const [index, { asked }] of fleet.gateways.entries()) {
      expect(asked.digests - (before[index] ?? 0)).toBeLessThanOrEqual(digestsMax)
      expect(asked.inFlightMax).toBeLessThanOrEqual(4)
    }
    const { dead, logBytesPerRequest } = await processes.judge(requests.length)
    expect(dead).toBe(0)
    expect(logBytesPerRequest).toBeLessThanOrEqual(200)
  })

  it('a store that died is found at its old address once it is back', async () => {
    const [gateway] = fleet.gateways
    await fleet.redis.kill()
    await expect(fleet.redis.client.get('anything')).rejects.toThrow()
    await fleet.redis.start()
    expect(await fleet.redis.client.get('anything')).toBeNull()
    await waitFor(() => gateway?.redis.stats().live, { withinMs: 10_000, what: 'the gateway’s connection' })
    await fleet.postgres.stop()
    await fleet.postgres.start()
    expect((await fleet.postgres.pool.query('SELECT FROM api_keys')).rowCount).toBe(KEYS)
  })

  it('a gateway is frozen, killed and started again at its address', async () => {
    const [gateway] = fleet.gateways
    if (!gateway) throw new Error('there is no gateway')
    gateway.freeze()
    expect(await gateway.ready()).toEqual({ ready: false, reasons: ['no answer'] })
    await gateway.thaw()
    await waitFor(async () => (await gateway.ready()).ready, { withinMs: 10_000 })
    const { pid } = gateway
    await gateway.stop('SIGKILL')
    expect(gateway.alive()).toBe(false)
    await gateway.start()
    expect(gateway.pid).not.toBe(pid)
    await waitFor(async () => (await gateway.ready()).ready, { withinMs: 10_000 })
    expect((await gateway.metrics()).get('turnpike_key_entries')).toBe(0)
  })
})

/** Every gateway has served every key; a machine that is busy may need several attempts for the first ones. */
async function acquaint({ gateways, keys }: Fleet): Promise<void> {
  for (const { url } of gateways) {
    for (const { key } of keys) {
      const known = () => fetch(`${url}/key`, { headers: { authorization: `Bearer ${key}` } }).then(({ ok }) => ok)
      await waitFor(known, { withinMs: 10_000, what: 'the first use of a key' })
    }
  }
}

function answered(loads: readonly Load[], count: number): Promise<boolean> {
  return waitFor(() => loads.reduce((sum, load) => sum + load.finished(), 0) >= count, { withinMs: 30_000 })
}

it('no part of a fleet outlives the process that started it, not even a frozen one', async () => {
  const folder = await mkdtemp(path.resolve('dist/fixture-'))
  const program = path.join(folder, 'fixture.js')
  await build({
    input: path.join(import.meta.dirname, 'fleet.fixture.ts'),
    platform: 'node',
    tsconfig: 'tsconfig.base.json',
    external: (id) => !/^(?:[./]|@turnpike\/|\0)/.test(id),
    output: { file: program, format: 'esm', codeSplitting: false },
    logLevel: 'silent',
  })
  const runner = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(runner.stdout, 'data', { signal: AbortSignal.timeout(STARTED_MS_MAX) })) as [Buffer]
  const { pids, simulator, home } = JSON.parse(line.toString()) as { pids: number[]; simulator: string; home: string }
  expect(pids.every(lives)).toBe(true)
  runner.kill('SIGKILL')
  await waitFor(() => !pids.some(lives), { withinMs: 20_000, what: 'the end of the fleet' })
  await waitFor(
    () =>
      fetch(simulator).then(
        () => false,
        () => true,
      ),
    { withinMs: 5_000 },
  )
  await Promise.all([folder, home].map((each) => rm(each, { recursive: true, force: true })))
})

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
