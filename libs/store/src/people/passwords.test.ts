import { expect, it } from 'vitest'
import { Fault } from '@turnpike/domain'
import { Passwords } from './passwords.ts'

/** bcrypt's least, so that a test does not wait. */
const CHEAP = 4
const PASSWORD = 'correct horse battery'

it('knows a password again by a hash that tells nothing of it', async () => {
  const passwords = new Passwords(CHEAP)
  const hash = await passwords.hash(PASSWORD)
  expect(hash).not.toContain('correct')
  expect(await passwords.hash(PASSWORD)).not.toBe(hash)
  expect(await passwords.matches(PASSWORD, hash)).toBe(true)
  expect(await passwords.matches(`${PASSWORD}.`, hash)).toBe(false)
})

it.each(['', 'x'.repeat(9), '🔑'.repeat(9), 'x'.repeat(73), 'ä'.repeat(37)])(
  'refuses %j for a new password and names the field',
  (password) => {
    const hash = () => new Passwords(CHEAP).hash(password)
    expect(hash).toThrow(Fault)
    expect(hash).toThrow(expect.objectContaining({ facts: { fields: { password: expect.any(String) } } }))
  },
)

it('never takes a longer password for one with the same 72 bytes at its beginning', async () => {
  const passwords = new Passwords(CHEAP)
  const hash = await passwords.hash('x'.repeat(72))
  expect(await passwords.matches('x'.repeat(72), hash)).toBe(true)
  expect(await passwords.matches('x'.repeat(73), hash)).toBe(false)
})

it('works as long for a person that there is not, and says no', async () => {
  const passwords = new Passwords(10)
  await passwords.matches('warm up', null)
  const hash = await passwords.hash(PASSWORD)
  const known = await timed(() => passwords.matches('wrong', hash))
  const unknown = await timed(() => passwords.matches('wrong', null))
  expect(await passwords.matches(PASSWORD, null)).toBe(false)
  expect(unknown).toBeGreaterThan(known / 4)
})

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return performance.now() - beganMs
}

it('answers 52 at once and tells whoever comes then to come back', async () => {
  const passwords = new Passwords(CHEAP)
  const hash = await passwords.hash(PASSWORD)
  const answers = await Promise.allSettled(Array.from({ length: 60 }, () => passwords.matches(PASSWORD, hash)))
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(52)
  for (const answer of answers) {
    if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'overloaded' })
  }
  expect(await passwords.matches(PASSWORD, hash)).toBe(true)
})

it('lets the next one in after one that failed', async () => {
  const passwords = new Passwords(CHEAP)
  const broken = Array.from({ length: 4 }, () => passwords.matches(PASSWORD, undefined as unknown as string))
  await Promise.allSettled(broken)
  expect(await passwords.matches(PASSWORD, await passwords.hash(PASSWORD))).toBe(true)
})
