import type { TenantId } from '@turnpike/domain'
import { note, waitFor } from '@turnpike/testkit'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openByokPublisher, type ByokPublisher } from './own.fixture.ts'
import { chat, MODEL, PRIMARY, useUpstreams } from './upstream-rig.fixture.ts'

const current = useUpstreams()

/** The simulator takes any credential but those that begin like this. */
const REFUSED_SECRET = 'refuse-0000-0000-7391'
const METADATA = { 'x-openrouter-metadata': 'enabled' }
const AT_PRIMARY = { provider: { only: [PRIMARY] } }

let own: ByokPublisher
beforeEach(async () => void (own = await openByokPublisher(current().fleet)))
afterEach(() => own.close())

/** Keys are dealt out among tenants in turn. */
const [MINE, THEIRS] = [0, 1]

function tenantOf(key: number): TenantId {
  const tenantId = current().keys[key]?.tenantId
  if (!tenantId) throw new Error('the fleet has no such key')
  return tenantId
}

interface Answer {
  readonly error?: { readonly code: string; readonly message: string; readonly error_type: string }
  readonly usage?: { readonly is_byok: boolean }
  readonly openrouter_metadata?: { readonly is_byok: boolean; readonly attempts: { readonly status: number }[] }
}

async function ask(key: number, body: Readonly<Record<string, unknown>> = AT_PRIMARY) {
  const { status, json, text } = await chat(current(), body, METADATA, key)
  return { status, text, ...(json() as Answer) }
}

/** What goes by tenants' own accounts and ended with that fault; counted by attempts that were made. */
async function attemptsBy(fault: string): Promise<number> {
  const line = new RegExp(
    `^turnpike_upstream_attempts_total\\{provider="own",outcome="failed",fault="${fault}"\\} (\\d+)$`,
    'm',
  )
  return Number(line.exec(await current().metrics())?.[1] ?? 0)
}

it('D6 a tenant’s own credential is refused: 424 that says so, never 401, and nobody else feels it', async (context) => {
  await own.credential(tenantOf(MINE), { provider: PRIMARY, secret: REFUSED_SECRET })
  await waitFor(async () => (await ask(MINE)).status === 424, { withinMs: 5_000, what: 'the use of a new credential' })
  const made = await attemptsBy('own_credential_refused')
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(MINE)))
  for (const { status, error, text } of answers) {
    expect([status, error?.code, error?.error_type]).toEqual([424, 'own_credential_refused', 'byok_invalid'])
    expect(error?.message).toContain('7391')
    expect(text).not.toContain(REFUSED_SECRET)
  }
  const again = (await attemptsBy('own_credential_refused')) - made
  note(context, { requests: answers.length, again })
  // It is left alone for ten seconds.
  expect(again).toBeLessThanOrEqual(1)
  for (let i = 0; i < 10; i++) {
    const { status, usage } = await ask(THEIRS)
    expect([status, usage?.is_byok]).toEqual([200, false])
  }
  expect(current().status(PRIMARY)).toBe(0)
})

it('D6 a tenant’s own credential is refused and its policy lets credits follow: served, both attempts listed', async () => {
  const tenantId = tenantOf(MINE)
  await own.creditsAfterOwn(tenantId)
  const id = await own.credential(tenantId, { provider: PRIMARY, secret: REFUSED_SECRET })
  const tried = await waitFor(
    async () => {
      const answer = await ask(MINE)
      return answer.openrouter_metadata?.attempts.length === 2 ? answer : null
    },
    { withinMs: 5_000, what: 'the use of a new credential' },
  )
  expect(tried).toMatchObject({
    status: 200,
    usage: { is_byok: false },
    openrouter_metadata: { is_byok: false, attempts: [{ status: 401 }, { status: 200 }] },
  })
  const generation = await waitFor(
    async () => {
      const { headers } = await chat(current(), AT_PRIMARY, {}, MINE)
      const authorization = `Bearer ${current().keys[MINE]?.key}`
      const reply = await fetch(`${current().api}/generation?id=${headers.get('x-generation-id')}`, {
        headers: { authorization },
      })
      return reply.ok ? ((await reply.json()) as { data: Record<string, unknown> }).data : null
    },
    { withinMs: 5_000, what: 'a record' },
  )
  expect(generation).toMatchObject({ is_byok: false, model: MODEL })
  await own.replace(tenantId, id, 'sk-tenant-works-7392')
  await waitFor(async () => (await ask(MINE)).usage?.is_byok, { withinMs: 2_000, what: 'the use of the next secret' })
})

it('the operator’s account is refused: a tenant’s own credential at that provider is still used', async () => {
  await own.credential(tenantOf(THEIRS), { provider: PRIMARY })
  await waitFor(async () => (await ask(THEIRS)).usage?.is_byok, {
    withinMs: 5_000,
    what: 'the use of a new credential',
  })
  await current().behave(PRIMARY, { faults: ['status:401'] })
  expect((await ask(MINE)).error?.code).toBe('upstream_credential_refused')
  await current().behave(PRIMARY, { faults: [] })
  const { status, usage } = await ask(THEIRS)
  expect([status, usage?.is_byok]).toEqual([200, true])
})
