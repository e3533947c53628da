import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AuditList, SessionAnswer, SessionList } from '@turnpike/contract'
import { issueReset } from '@turnpike/store'
import { issue, PASSWORD, signUp, startControl, Visitor, type RunningControl } from './control-process.ts'

let running: RunningControl
/** A network for each test, and one for each person. */
let networks = 0

beforeAll(async () => {
  // The proxy's word gives each visitor an address of their own.
  running = await startControl({ TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(() => running.close())

function newNetwork(): string {
  networks++
  return `10.${networks >> 8}.${networks & 255}.1`
}

/** A browser behind an address. */
function browser(address = newNetwork()) {
  const visitor = new Visitor(running.url)
  const post = (path: string, body: unknown = {}) =>
    visitor.send('POST', `/console/v1${path}`, body, { 'x-forwarded-for': address })
  return { visitor, post }
}

/** A verified person, signed in by password in the browser. */
async function person() {
  const email = `${randomUUID()}@example.test`
  const { visitor, post } = browser()
  await post('/sign-up', { email, password: PASSWORD })
  const { code } = await issue(running, email)
  const { session } = SessionAnswer.parse((await post('/verify', { code })).body)
  return { email, visitor, post, userId: session.user.id }
}

/** The token of a reset, as the worker mails it. */
async function resetToken(email: string): Promise<string> {
  const issued = await issueReset(running.control.prisma, randomUUID(), email, Date.now())
  if (!issued) throw new Error('no reset was issued')
  return issued.token
}

async function actions(visitor: Visitor): Promise<string[]> {
  return AuditList.parse((await visitor.get('/audit')).body).data.map(({ action }) => action)
}

const isSignedIn = async (visitor: Visitor) => (await visitor.get('/session')).status === 200

// ── Limits ──────────────────────────────────────────────────────────────────────────────────────────────────────────

it('signs the owner in on a known device every time, however many networks guess at the account', async () => {
  const owner = await person()
  const statuses: number[] = []
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < 4; i++) await browser().post('/sign-in', { email: owner.email, password: 'wrong' })
    statuses.push((await owner.post('/sign-in', { email: owner.email, password: PASSWORD })).status)
  }
  expect(statuses).toEqual(Array.from({ length: 12 }, () => 200))
  // An unknown device waits meanwhile, with the right password too, and has a way in by mail.
  const stranger = browser()
  expect((await stranger.post('/sign-in', { email: owner.email, password: PASSWORD })).status).toBe(429)
  const reset = { token: await resetToken(owner.email), password: `${PASSWORD} 2` }
  expect((await stranger.post('/password/reset', reset)).status).toBe(200)
  expect((await stranger.post('/sign-in', { email: owner.email, password: `${PASSWORD} 2` })).status).toBe(200)
})

it('makes a network wait that guesses at one account, and nobody else', async () => {
  const { email } = await person()
  const guesser = browser()
  for (let i = 0; i < 5; i++) expect((await guesser.post('/sign-in', { email, password: 'wrong' })).status).toBe(401)
  expect((await guesser.post('/sign-in', { email, password: PASSWORD })).status).toBe(429)
  expect((await browser().post('/sign-in', { email, password: PASSWORD })).status).toBe(200)
})

it('makes a known device wait after five wrong passwords, and gives it no allowance at another account', async () => {
  const [mine, other] = [await person(), await person()]
  for (let i = 0; i < 5; i++) await mine.post('/sign-in', { email: mine.email, password: 'wrong' })
  expect((await mine.post('/sign-in', { email: mine.email, password: PASSWORD })).status).toBe(429)
  for (let i = 0; i < 20; i++) await browser().post('/sign-in', { email: other.email, password: 'wrong' })
  const attacker = await person()
  expect((await attacker.post('/sign-in', { email: other.email, password: PASSWORD })).status).toBe(429)
})

// ── Addresses ───────────────────────────────────────────────────────────────────────────────────────────────────────

it('answers a sign-up alike whether or not somebody has the address, and changes nothing of theirs', async () => {
  const owner = await person()
  const sent = [owner.email.toUpperCase(), `${randomUUID()}@example.test`].map((email) =>
    browser().post('/sign-up', { email, password: 'another password' }),
  )
  const [taken, free] = await Promise.all(sent)
  expect(taken?.status).toBe(201)
  expect(shapeOf(taken?.body)).toEqual(shapeOf(free?.body))
  expect(taken?.headers.getSetCookie().map(nameOf)).toEqual(free?.headers.getSetCookie().map(nameOf))
  expect((await owner.post('/sign-in', { email: owner.email, password: PASSWORD })).status).toBe(200)
  const attempt = { email: owner.email, password: 'another password' }
  expect((await browser().post('/sign-in', attempt)).status).toBe(401)
})

function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}

function nameOf(cookie: string): string {
  return cookie.split('=')[0] ?? ''
}

it('gives an address to whoever proves it, not to whoever signed up with it first', async () => {
  const { visitor: squatter, email } = await signUp(running.url)
  const squatted = await issue(running, email)
  const owner = browser()
  await owner.post('/sign-up', { email, password: 'of the owner' })
  const { code } = await issue(running, email)
  expect((await owner.post('/verify', { code })).status).toBe(200)
  const late = await squatter.post('/verify', { code: squatted.code })
  expect([late.status, (late.body['errors'] as { code: string }).code]).toEqual([
    400,
    'There is a verified account with this address already. Sign in to it instead.',
  ])
  expect((await browser().post('/sign-in', { email, password: PASSWORD })).status).toBe(401)
  expect((await browser().post('/sign-in', { email, password: 'of the owner' })).status).toBe(200)
})

it('changes nothing when a program opens the link of a mail', async () => {
  const { visitor, email } = await signUp(running.url)
  const { linkToken } = await issue(running, email)
  for (const method of ['GET', 'HEAD']) {
    await fetch(`${running.url}/verify-link?token=${linkToken}`, { method })
    await fetch(`${running.url}/console/v1/verify?token=${linkToken}`, { method })
    await fetch(`${running.url}/console/v1/verify-link?token=${linkToken}`, { method })
  }
  // Nor when it presses the button: it has neither the session nor the code.
  const pressed = await browser().post('/verify-link', { token: linkToken })
  expect([pressed.status, pressed.body]).toEqual([200, { state: 'code_needed' }])
  const { session } = SessionAnswer.parse((await visitor.get('/session')).body)
  expect([session.user.emailVerified, session.organisation.balanceNano]).toEqual([false, '0'])
})

it('verifies by the link in the session that signed up, and elsewhere with the code of the mail', async () => {
  const here = await signUp(running.url)
  const { linkToken: token } = await issue(running, here.email)
  expect((await here.visitor.post('/verify-link', { token })).body).toEqual({ state: 'verified' })
  const first = await signUp(running.url)
  const { linkToken, code } = await issue(running, first.email)
  const elsewhere = browser()
  const wrong = code === '000000' ? '000001' : '000000'
  expect((await elsewhere.post('/verify-link', { token: linkToken, code: wrong })).status).toBe(400)
  expect((await elsewhere.post('/verify-link', { token: linkToken, code })).body).toEqual({ state: 'verified' })
  expect(SessionAnswer.parse((await first.visitor.get('/session')).body).session.user.emailVerified).toBe(true)
})

it.each(['', 'abc', 'A'.repeat(43)])('refuses the link %j', async (token) => {
  expect((await browser().post('/verify-link', { token })).status).toBe(400)
})

it('asks for a reset alike whether or not somebody has the address', async () => {
  const { email } = await person()
  for (const address of [email, `${randomUUID()}@example.test`]) {
    const answer = await browser().post('/password/forgot', { email: address })
    expect([answer.status, answer.text]).toEqual([204, ''])
  }
})

// ── Passwords and sessions ──────────────────────────────────────────────────────────────────────────────────────────

it('resets a password once by a mailed token, ends every session, and signs in', async () => {
  const owner = await person()
  const [first, second] = [await resetToken(owner.email), await resetToken(owner.email)]
  const chooser = browser()
  const refused = await chooser.post('/password/reset', { token: first, password: 'short' })
  expect(refused.status).toBe(400)
  expect((await chooser.post('/password/reset', { token: first, password: 'a new password' })).status).toBe(200)
  expect([await isSignedIn(owner.visitor), await isSignedIn(chooser.visitor)]).toEqual([false, true])
  for (const token of [first, second]) {
    expect((await browser().post('/password/reset', { token, password: 'a third password' })).status).toBe(400)
  }
  expect((await browser().post('/sign-in', { email: owner.email, password: PASSWORD })).status).toBe(401)
  expect(await actions(chooser.visitor)).toContain('password.reset')
})

it('resets no password after an hour', async () => {
  const { email } = await person()
  const issued = await issueReset(running.control.prisma, randomUUID(), email, Date.now() - 3_600_000)
  const answer = await browser().post('/password/reset', { token: issued?.token, password: 'a new password' })
  expect(answer.status).toBe(400)
})

it('changes a password for whoever knows the present one, and ends the other sessions', async () => {
  const { email, visitor, post } = await person()
  const other = browser()
  await other.post('/sign-in', { email, password: PASSWORD })
  const wrong = await post('/password/change', { current: 'wrong', password: 'a new password' })
  expect([wrong.status, Object.keys(wrong.body['errors'] as object)]).toEqual([400, ['current']])
  expect(await isSignedIn(other.visitor)).toBe(true)
  expect((await post('/password/change', { current: PASSWORD, password: 'a new password' })).status).toBe(204)
  expect([await isSignedIn(visitor), await isSignedIn(other.visitor)]).toEqual([true, false])
  expect((await browser().post('/sign-in', { email, password: 'a new password' })).status).toBe(200)
  expect(await actions(visitor)).toContain('password.change')
})

it('makes a session wait that guesses at the present password', async () => {
  const { post } = await person()
  const guess = () => post('/password/change', { current: 'wrong', password: 'a new password' })
  const statuses: number[] = []
  for (let i = 0; i < 6; i++) statuses.push((await guess()).status)
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429])
})

it('lists where a person is signed in, ends one session, and then all', async () => {
  const { email, visitor, post } = await person()
  const phone = new Visitor(running.url)
  const headers = { 'x-forwarded-for': '2001:db8:7:8::9', 'user-agent': `Phone ${'x'.repeat(500)}` }
  await phone.send('POST', '/console/v1/sign-in', { email, password: PASSWORD }, headers)
  const { data } = SessionList.parse((await visitor.get('/sessions')).body)
  expect(data.filter(({ isThis }) => isThis)).toHaveLength(1)
  expect(data).toHaveLength(2)
  const row = data.find(({ isThis }) => !isThis)
  expect([row?.network, row?.userAgent.length, row?.userAgent.startsWith('Phone x')]).toEqual([
    '2001:db8:7:8',
    200,
    true,
  ])
  expect((await post(`/sessions/${row?.id}/end`)).status).toBe(204)
  expect([await isSignedIn(phone), await isSignedIn(visitor)]).toEqual([false, true])
  const again = browser()
  await again.post('/sign-in', { email, password: PASSWORD })
  expect((await post('/sessions/end-all')).status).toBe(204)
  expect([await isSignedIn(again.visitor), await isSignedIn(visitor)]).toEqual([false, false])
  await post('/sign-in', { email, password: PASSWORD })
  expect(await actions(visitor)).toEqual(expect.arrayContaining(['session.end', 'session.end_all']))
})

it('ends the session that a browser had when it signs in anew', async () => {
  const { email, visitor, post } = await person()
  const stolen = new Visitor(running.url)
  stolen.cookie = visitor.cookie
  await post('/sign-in', { email, password: PASSWORD })
  expect([await isSignedIn(stolen), await isSignedIn(visitor)]).toEqual([false, true])
})

it('answers the owner on a known device while so many wrong passwords wait that others are refused', async () => {
  const slow = await startControl({ TRUSTED_PROXIES: '127.0.0.1', PASSWORD_COST: '11' })
  try {
    const [email, owner] = [`${randomUUID()}@example.test`, new Visitor(slow.url)]
    await owner.post('/sign-up', { email, password: PASSWORD })
    const guesses = Array.from({ length: 90 }, async (_, i) => {
      const headers = { 'x-forwarded-for': `10.200.${i}.1` }
      const guess = { email: `${randomUUID()}@example.test`, password: 'wrong' }
      return (await new Visitor(slow.url).send('POST', '/console/v1/sign-in', guess, headers)).status
    })
    const refused = guesses.map(async (guess) => {
      if ((await guess) !== 503) throw new Error('this one was checked')
    })
    await Promise.any(refused)
    expect((await owner.post('/sign-in', { email, password: PASSWORD })).status).toBe(200)
    expect(new Set(await Promise.all(guesses))).toEqual(new Set([401, 503]))
  } finally {
    await slow.close()
  }
})
