import { expect, it } from 'vitest'
import { Fault } from '@turnpike/domain'
import { Passwords } from './passwords.ts'

/** bcrypt's least, so that a test does not wait. */
const CHEAP = 4
const PASSWORD = 'correct horse battery'

it('knows a password again by a hash that tells nothing of it', async () => {
  const passwords = new Passwords(CHEAP)
  const hash = await passwords.hash(PASSWORD, 'stranger')
  expect(hash).not.toContain('correct')
  expect(await passwords.hash(PASSWORD, 'stranger')).not.toBe(hash)
  expect(await passwords.matches(PASSWORD, hash, 'stranger')).toBe(true)
  expect(await passwords.matches(`${PASSWORD}.`, hash, 'stranger')).toBe(false)
})

it.each(['', 'x'.repeat(9), '🔑'.repeat(9), 'x'.repeat(73), 'ä'.repeat(37)])(
  'refuses %j for a new password and names the field',
  (password) => {
    const hash = () => new Passwords(CHEAP).hash(password, 'stranger')
    expect(hash).toThrow(Fault)
    expect(hash).toThrow(expect.objectContaining({ facts: { fields: { password: expect.any(String) } } }))
  },
)

it('never takes a longer password for one with the same 72 bytes at its beginning', async () => {
  const passwords = new Passwords(CHEAP)
  const hash = await passwords.hash('x'.repeat(72), 'stranger')
  expect(await passwords.matches('x'.repeat(72), hash, 'stranger')).toBe(true)
  expect(await passwords.matches('x'.repeat(73), hash, 'stranger')).toBe(false)
})

it('works as long for a person that there is not, and says no', async () => {
  const passwords = new Passwords(10)
  await passwords.matches('warm up', null, 'stranger')
  const hash = await passwords.hash(PASSWORD, 'stranger')
  const known = await timed(() => passwords.matches('wrong', hash, 'stranger'))
  const unknown = await timed(() => passwords.matches('wrong', null, 'stranger'))
  expect(await passwords.matches(PASSWORD, null, 'stranger')).toBe(false)
  expect(unknown).toBeGreaterThan(known / 4)
})

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return performance.now() - beganMs
}

it('answers 52 at once and tells whoever comes then to come back', async () => {
  const passwords = new Passwords(CHEAP)
  const hash = await passwords.hash(PASSWORD, 'stranger')
  const answers = await Promise.allSettled(
    Array.from({ length: 60 }, () => passwords.matches(PASSWORD, hash, 'stranger')),
  )
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(52)
  for (const answer of answers) {
    if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'overloaded' })
  }
  expect(await passwords.matches(PASSWORD, hash, 'stranger')).toBe(true)
})

it('lets the next one in after one that failed', async () => {
  const passwords = new Passwords(CHEAP)
  const broken = Array.from({ length: 4 }, () =>
    passwords.matches(PASSWORD, undefined as unknown as string, 'stranger'),
  )
  await Promise.allSettled(broken)
  expect(await passwords.matches(PASSWORD, await passwords.hash(PASSWORD, 'stranger'), 'stranger')).toBe(true)
})

it('keeps a place for known sources, and serves them before strangers', async () => {
  const passwords = new Passwords(CHEAP)
  const hash = await passwords.hash(PASSWORD, 'stranger')
  const served: string[] = []
  const strangers = Array.from({ length: 90 }, () =>
    passwords.matches('wrong', hash, 'stranger').then(
      () => served.push('stranger'),
      () => undefined,
    ),
  )
  await passwords.matches(PASSWORD, hash, 'known')
  // Two were being checked already.
  expect(served.length).toBeLessThanOrEqual(3)
  await Promise.all(strangers)
  expect(served).toHaveLength(52)
})
