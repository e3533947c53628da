import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { note } from '@turnpike/testkit'
import { build } from 'rolldown'
import { describe, expect, it, onTestFinished } from 'vitest'
import { aCertificate } from './upstream-certificate.fixture.ts'
import { answerWell, startBlackHole, startProvider } from './upstream-provider.fixture.ts'
import {
  chat,
  failuresOf,
  load,
  MODEL,
  percentileMs,
  PRIMARY,
  PROVIDERS,
  sentTo,
  useUpstreams,
} from './upstream-rig.fixture.ts'

const current = useUpstreams()

/** Each endpoint falls after five failures in a row. */
const FAILURES_MAX = 5
/** Under load several requests are under way when the fifth fails. */
const UNDER_WAY_MAX = 6
const ADDED_MS_MAX = 150

describe('a dead provider', () => {
  it.for(['refuse', 'reset', 'status:500', 'status:503', 'status:529'])('D1, D4 %s', async (fault, context) => {
    const upstreams = current()
    let sent = 0
    const requests = await load(upstreams, {}, async ({ phase }) => {
      await phase('before', 2_000)
      const before = sentTo(await upstreams.generations(), PRIMARY)
      await upstreams.behave(PRIMARY, { faults: [fault] })
      await phase('dead', 3_000)
      sent = sentTo(await upstreams.generations(), PRIMARY) - before
    })
    const addedMs = percentileMs(requests, 'dead', 99) - percentileMs(requests, 'before', 99)
    note(context, { requests: requests.length, sentToDead: sent, addedMs: Math.round(addedMs) })
    expect(failuresOf(requests)).toEqual({})
    expect(sent).toBeGreaterThanOrEqual(FAILURES_MAX)
    expect(sent).toBeLessThanOrEqual(FAILURES_MAX + UNDER_WAY_MAX)
    expect(addedMs).toBeLessThanOrEqual(ADDED_MS_MAX)
  })

  it.for([0.5, 0.1, 0.01])('D4 fails a share of its requests: %d', async (errorRate, context) => {
    const upstreams = current()
    const requests = await load(upstreams, {}, async ({ phase }) => {
      await upstreams.behave(PRIMARY, { errorRate, errorFault: 'status:500' })
      await phase('ailing', 4_000)
    })
    const generations = await upstreams.generations()
    const failed = generations.filter(({ status }) => status === 500).length
    note(context, { requests: requests.length, failed })
    expect(failuresOf(requests)).toEqual({})
    // Each failure is made good by one more attempt.
    expect(generations).toHaveLength(requests.length + failed)
  })

  it('D2 its packets are dropped', async (context) => {
    const upstreams = current()
    const hole = await startBlackHole()
    onTestFinished(hole.close)
    // As slow as real ones: whoever takes over has many at once.
    await upstreams.behave('*', { instant: false, firstTokenMs: 300, tokensPerSecond: 1_000 })
    const requests = await load(upstreams, {}, async ({ phase }) => {
      await phase('before', 1_000)
      upstreams.reroute(PRIMARY, hole.origin)
      await phase('dead', 2_000)
      await phase('avoided', 2_000)
    })
    const longMs = percentileMs(requests, 'dead', 95)
    const addedMs = percentileMs(requests, 'avoided', 95) - percentileMs(requests, 'before', 95)
    note(context, { requests: requests.length, longMs: Math.round(longMs), addedMs: Math.round(addedMs) })
    expect(failuresOf(requests)).toEqual({})
    expect(longMs).toBeGreaterThanOrEqual(1_500)
    // What other programs do to this machine, they did to the answers before, too.
    expect(longMs).toBeLessThanOrEqual(1_500 + ADDED_MS_MAX + percentileMs(requests, 'before', 100))
    expect(addedMs).toBeLessThanOrEqual(ADDED_MS_MAX)
  })

  it('D6 refuses our credential, and no caller gets a 401', async (context) => {
    const upstreams = current()
    const requests = await load(upstreams, { rate: 30 }, async ({ phase }) => {
      await upstreams.behave(PRIMARY, { faults: ['status:401'] })
      await phase('refused', 3_000)
    })
    const sent = sentTo(await upstreams.generations(), PRIMARY)
    note(context, { requests: requests.length, sent })
    expect(failuresOf(requests)).toEqual({})
    expect(sent).toBeLessThanOrEqual(UNDER_WAY_MAX)
    expect(await upstreams.metrics()).toMatch(
      new RegExp(
        `turnpike_upstream_attempts_total\\{[^}]*provider="${PRIMARY}"[^}]*fault="upstream_credential_refused"`,
      ),
    )
    for (const provider of PROVIDERS) await upstreams.behave(provider, { faults: ['status:403'] })
    expect((await chat(upstreams)).status).toBe(503)
  })

  it('D17 serves one model badly and is still asked for the others', async (context) => {
    const upstreams = current()
    const other = { model: 'sim/sage-70b', provider: { only: [PRIMARY] } }
    const requests = await load(upstreams, {}, async ({ phase }) => {
      await upstreams.behave(PRIMARY, { faults: ['status:500'] }, MODEL.replace('sim/', ''))
      await phase('broken', 3_000)
    })
    const broken = sentTo(await upstreams.generations(), PRIMARY)
    note(context, { requests: requests.length, broken })
    expect(failuresOf(requests)).toEqual({})
    expect(broken).toBeLessThanOrEqual(FAILURES_MAX + UNDER_WAY_MAX)
    for (let i = 0; i < 10; i++) expect((await chat(upstreams, other)).status).toBe(200)
    expect(sentTo(await upstreams.generations(), PRIMARY)).toBe(broken + 10)
  })
})

describe('a provider whose certificate is not to be trusted', () => {
  const authority = aCertificate({ name: 'Test authority', issuer: null, authority: true })
  const good = aCertificate({ name: 'localhost', issuer: authority })
  const bad = {
    'self-signed': aCertificate({ name: 'localhost', issuer: null }),
    expired: aCertificate({ name: 'localhost', issuer: authority, days: [-3, -1] }),
    'wrong name': aCertificate({ name: 'elsewhere.test', issuer: authority }),
  }

  it.for(Object.entries(bad))('D3 %s: others answer', async ([, certificate], context) => {
    const upstreams = current()
    const provider = await startProvider(answerWell, { certificate })
    onTestFinished(() => provider.close())
    const requests = await load(upstreams, { rate: 30 }, async ({ phase }) => {
      upstreams.reroute(PRIMARY, provider.origin)
      await phase('distrusted', 2_000)
    })
    note(context, { requests: requests.length })
    expect(failuresOf(requests)).toEqual({})
    expect(provider.asked).toEqual([])
  })

  it('D3 each is refused for what is wrong with it, by a process that trusts its authority', async () => {
    const folder = await mkdtemp(path.resolve('dist/fixture-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const program = path.join(folder, 'tls.js')
    await build({
      input: path.join(import.meta.dirname, 'upstream-tls.fixture.ts'),
      platform: 'node',
      tsconfig: 'tsconfig.base.json',
      external: (id) => !/^(?:[./]|@turnpike\/|\0)/.test(id),
      output: { file: program, format: 'esm', codeSplitting: false },
      logLevel: 'silent',
    })
    const file = path.join(folder, 'authority.pem')
    await writeFile(file, authority.cert)
    const providers = await Promise.all(
      [good, ...Object.values(bad)].map((certificate) => startProvider(answerWell, { certificate })),
    )
    onTestFinished(async () => void (await Promise.all(providers.map((provider) => provider.close()))))
    const origins = providers.map(({ origin }) => origin)
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...origins], {
      env: { NODE_EXTRA_CA_CERTS: file },
    })
    expect(JSON.parse(stdout)).toEqual([
      '200',
      'upstream_unreachable DEPTH_ZERO_SELF_SIGNED_CERT',
      'upstream_unreachable CERT_HAS_EXPIRED',
      'upstream_unreachable ERR_TLS_CERT_ALTNAME_INVALID',
    ])
    expect(providers.map(({ asked }) => asked.length)).toEqual([1, 0, 0, 0])
  })
})
