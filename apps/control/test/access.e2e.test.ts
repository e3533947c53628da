import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SessionAnswer } from '@turnpike/contract'
import {
  issue,
  PASSWORD,
  signUp,
  startControl,
  verifiedPerson,
  Visitor,
  type RunningControl,
} from './control-process.ts'

let running: RunningControl

beforeAll(async () => {
  // Every test signs up from one address; the proxy's word gives each visitor one of their own.
  running = await startControl({ TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(() => running.close())

/** A visitor from an address of their own. */
function from(address: string) {
  const visitor = new Visitor(running.url)
  return (path: string, body: unknown) =>
    visitor.send('POST', `/console/v1${path}`, body, { 'x-forwarded-for': address })
}

it('gives a person who signs up an organisation of their own, as its owner, not verified yet', async () => {
  const { visitor, email } = await signUp(running.url)
  const { session } = SessionAnswer.parse((await visitor.get('/session')).body)
  expect(session).toMatchObject({
    user: { email, emailVerified: false },
    organisation: { name: `Organisation of ${email.split('@')[0]}`, funds: 'simulated', balanceNano: '0' },
    workspace: { name: 'Default' },
    role: 'owner',
    billing: 'manual',
    product: 'standalone',
  })
})

it('leaves a cookie that scripts cannot read and other sites cannot send', async () => {
  const send = from('192.0.2.1')
  const answer = await send('/sign-up', { email: `${randomUUID()}@example.test`, password: PASSWORD })
  const [session = '', device = ''] = answer.headers.getSetCookie()
  expect(session).toMatch(/^__Host-turnpike=[\w-]{43}; /)
  expect(device).toMatch(/^__Host-turnpike-device=[\w-]+; /)
  const attributes = (cookie: string) => cookie.split('; ').slice(1).toSorted()
  const common = ['Path=/', 'SameSite=Lax', 'Secure']
  expect(attributes(session)).toEqual(['HttpOnly', 'Max-Age=1209600', ...common])
  expect(attributes(device)).toEqual(['HttpOnly', 'Max-Age=31536000', ...common])
})

it.each([
  ['x'.repeat(9), 'At least 10 characters.'],
  ['x'.repeat(73), 'At most 72 bytes'],
  ['🔑'.repeat(19), 'At most 72 bytes'],
])('refuses the password %j rather than cut it', async (password, problem) => {
  const answer = await from('192.0.2.2')('/sign-up', { email: `${randomUUID()}@example.test`, password })
  expect(answer.status).toBe(400)
  expect((answer.body['errors'] as { password: string }).password).toContain(problem)
})

it.each([
  '',
  'nobody',
  'a@b',
  '@example.test',
  'a b@example.test',
  `${'a'.repeat(250)}@example.test`,
  'a@example.test\nbcc: b@example.test',
])('refuses the address %j', async (email) => {
  const answer = await from('192.0.2.3')('/sign-up', { email, password: PASSWORD })
  expect([answer.status, Object.keys(answer.body['errors'] as object)]).toEqual([400, ['email']])
})

it('lets one network sign up ten times an hour', async () => {
  const person = () => ({ email: `${randomUUID()}@example.test`, password: PASSWORD })
  const statuses: number[] = []
  // Addresses of one household: the first half is what counts.
  for (let i = 0; i < 11; i++) statuses.push((await from(`2001:db8:1:2::${i}`)('/sign-up', person())).status)
  expect(statuses).toEqual([...Array.from({ length: 10 }, () => 201), 429])
  expect((await from('2001:db8:1:3::1')('/sign-up', person())).status).toBe(201)
})

it('answers a wrong password and an unknown address alike', async () => {
  const { email } = await signUp(running.url)
  const send = from('192.0.2.5')
  const wrong = await send('/sign-in', { email, password: `${PASSWORD}!` })
  const unknown = await send('/sign-in', { email: `${randomUUID()}@example.test`, password: PASSWORD })
  const long = await send('/sign-in', { email, password: PASSWORD.padEnd(200, 'x') })
  const facts = [wrong, unknown, long].map(({ status, body }) => [status, { ...body, request_id: '' }])
  expect(wrong.status).toBe(401)
  expect(facts[1]).toEqual(facts[0])
  expect(facts[2]).toEqual(facts[0])
})

it('never takes a hash for a password', async () => {
  const { email } = await signUp(running.url)
  const { passwordHash } = await running.control.prisma.user.findFirstOrThrow({ where: { email } })
  expect(passwordHash).toMatch(/^\$2b\$04\$/)
  expect((await from('192.0.2.6')('/sign-in', { email, password: passwordHash })).status).toBe(401)
})

it('slows down guessing at one account from many networks, without telling whether it exists', async () => {
  const real = (await verifiedPerson(running)).email
  for (const email of [real, `${randomUUID()}@example.test`]) {
    const statuses: number[] = []
    for (let i = 0; i < 21; i++)
      statuses.push((await from(`198.51.100.${i}`)('/sign-in', { email, password: 'wrong' })).status)
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 401), 429])
  }
})

it('lets one network try twenty times a minute', async () => {
  const send = from('192.0.2.7')
  const answers = []
  for (let i = 0; i < 21; i++) answers.push(await send('/sign-in', { email: `${i}@example.test`, password: 'x' }))
  expect(answers.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(1)
  expect(answers.at(-1)?.headers.get('retry-after')).toMatch(/^\d+$/)
})

it('signs in however the address is written, and makes a new session each time', async () => {
  const { email, visitor } = await signUp(running.url)
  const other = new Visitor(running.url)
  expect((await other.post('/sign-in', { email: email.toUpperCase(), password: PASSWORD })).status).toBe(200)
  expect(other.cookie).not.toBe(visitor.cookie)
  expect((await other.get('/session')).status).toBe(200)
})

it('signs out for good', async () => {
  const { visitor } = await verifiedPerson(running)
  const stolen = new Visitor(running.url)
  stolen.cookie = visitor.cookie
  const answer = await visitor.post('/sign-out')
  expect([answer.status, visitor.cookie]).toEqual([204, '__Host-turnpike='])
  expect((await stolen.get('/session')).status).toBe(401)
})

it.each([
  '',
  '__Host-turnpike=',
  '__Host-turnpike=abc',
  `__Host-turnpike=${'A'.repeat(43)}`,
  `turnpike=${'A'.repeat(43)}`,
])('takes the cookie %j for nobody', async (cookie) => {
  const visitor = new Visitor(running.url)
  visitor.cookie = cookie
  const answer = await visitor.get('/session')
  expect([answer.status, answer.body['code']]).toEqual([401, 'session_missing'])
})

it('makes no key for a person whose address is not verified', async () => {
  const { visitor } = await signUp(running.url)
  const answer = await visitor.post('/keys', { name: 'first', kind: 'live' })
  expect([answer.status, answer.body['code']]).toEqual([403, 'email_unverified'])
  expect((await visitor.get('/models')).status).toBe(200)
})

it('takes five guesses at a code and then none, not even the right one', async () => {
  const { visitor, email } = await signUp(running.url)
  const { code } = await issue(running, email)
  const wrong = code === '000000' ? '000001' : '000000'
  const guesses = await Promise.all(Array.from({ length: 8 }, () => visitor.post('/verify', { code: wrong })))
  expect(guesses.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 400))
  const messages = guesses.map(({ body }) => (body['errors'] as { code: string }).code)
  expect(messages.filter((message) => message.startsWith('This is not the code'))).toHaveLength(5)
  const right = await visitor.post('/verify', { code })
  expect((right.body['errors'] as { code: string }).code).toBe('Too many wrong codes. Ask for a new one.')
})

it('mails again after half a minute at the earliest, and says when', async () => {
  const { visitor, email } = await signUp(running.url)
  const early = await visitor.post('/verify/resend')
  expect([early.status, early.body['code']]).toEqual([429, 'rate_limited'])
  expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0)
  const { prisma } = running.control
  await prisma.emailVerification.updateMany({
    where: { user: { email } },
    data: { createdAt: new Date(Date.now() - 31_000) },
  })
  expect((await visitor.post('/verify/resend')).status).toBe(204)
  expect(await prisma.emailVerification.count({ where: { user: { email } } })).toBe(2)
})
