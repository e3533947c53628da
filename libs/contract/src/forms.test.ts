import { expect, it } from 'vitest'
import { KeyCreate } from './keys.ts'
import { Problem } from './problem.ts'
import { RequestListQuery } from './requests.ts'
import { SignIn, SignUp } from './session.ts'

const signUp = (changes: object) =>
  SignUp.safeParse({ email: 'ada@example.test', password: 'correct horse', ...changes })

it('takes an address however it is written, and gives it in one form', () => {
  expect(signUp({ email: ' Ada@Example.TEST ' }).data?.email).toBe('ada@example.test')
})

it.each(['correct hor', '🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑', 'x'.repeat(72), ' spaces are kept '])(
  'takes the password %j as it is',
  (password) => {
    expect(signUp({ password }).data?.password).toBe(password)
  },
)

it.each(['x'.repeat(9), 'x'.repeat(73), 'ä'.repeat(37), null, { not: '' }])(
  'does not take the password %j',
  (password) => {
    expect(signUp({ password }).success).toBe(false)
  },
)

it('leaves it to the server to call a tried password wrong', () => {
  expect(SignIn.safeParse({ email: 'x', password: 'short' }).success).toBe(true)
})

it.each(['Zoë’s key', '日本', 'مفتاح', 'key #1 (prod)'])('takes the name %s', (name) => {
  expect(KeyCreate.safeParse({ name, kind: 'live' }).success).toBe(true)
})

it.each(['', '  ', 'a\nb', 'a\0b', 'a\u202eb', 'a\u2028b', 'x'.repeat(81)])('does not take the name %j', (name) => {
  expect(KeyCreate.safeParse({ name, kind: 'live' }).success).toBe(false)
})

it('refuses fields that it does not know, so that a typo is reported', () => {
  expect(signUp({ role: 'owner' }).success).toBe(false)
  expect(KeyCreate.safeParse({ name: 'a', kind: 'live', tenantId: 'x' }).success).toBe(false)
})

it('reads queries as they come, in text', () => {
  expect(RequestListQuery.parse({ limit: '10', 'filter[outcome]': 'failed' })).toEqual({
    limit: 10,
    'filter[outcome]': 'failed',
  })
  for (const limit of ['0', '101', '1.5', 'x', ['1', '2']])
    expect(RequestListQuery.safeParse({ limit }).success).toBe(false)
})

it('knows errors nested as deep as a form is', () => {
  const problem = {
    type: 'about:blank',
    title: 'request invalid',
    status: 400,
    code: 'request_invalid',
    detail: 'One field needs attention.',
    message: 'One field needs attention.',
    request_id: 'req-1',
    retry_after_ms: null,
    errors: { budgets: { 0: { limit: 'Must be less.' } } },
  }
  expect(Problem.parse(problem)).toEqual(problem)
  expect(Problem.safeParse({ ...problem, errors: { budgets: 3 } }).success).toBe(false)
})
