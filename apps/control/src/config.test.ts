import { expect, it } from 'vitest'
import { controlConfig } from './config.ts'

const NEEDED = {
  DATABASE_URL: 'postgresql://app@db/turnpike',
  KEY_SECRETS: 'secret-canary',
  API_BASE_URL: 'https://api.example.test/api/v1/',
}

it('fills what is not said, and gives dollars as nano-dollars', () => {
  expect(controlConfig({ ...NEEDED, SIGNUP_GRANT: '2.50' })).toMatchObject({
    CONTROL_PORT: 8788,
    CONTROL_HOST: '127.0.0.1',
    API_BASE_URL: 'https://api.example.test/api/v1',
    SIGNUP_FUNDS: 'credit',
    SIGNUP_GRANT: 2_500_000_000n,
    PRODUCT: 'hosted',
    PASSWORD_COST: 12,
  })
})

it.each([
  ['https://console.example.test', '0.0.0.0'],
  ['http://localhost:8788', '127.0.0.1'],
  ['http://turnpike.localhost', '127.0.0.1'],
  ['http://127.0.0.1:8788', '127.0.0.1'],
  ['http://[::1]:8788', '::1'],
  [undefined, '127.0.0.1'],
  [undefined, 'localhost'],
])('starts with the public URL %s on %s: browsers keep the cookie', (PUBLIC_URL, CONTROL_HOST) => {
  expect(() => controlConfig({ ...NEEDED, PUBLIC_URL, CONTROL_HOST })).not.toThrow()
})

it.each([
  ['http://console.example.test', '127.0.0.1'],
  ['http://192.168.1.5:8788', '127.0.0.1'],
  ['http://localhost.example.test', '127.0.0.1'],
  ['http://127.example.test', '127.0.0.1'],
  [undefined, '0.0.0.0'],
  [undefined, '192.168.1.5'],
])('does not start with the public URL %s on %s, where signing in would loop', (PUBLIC_URL, CONTROL_HOST) => {
  expect(() => controlConfig({ ...NEEDED, PUBLIC_URL, CONTROL_HOST })).toThrow(/PUBLIC_URL must begin with https/)
})

it.each([
  ['DATABASE_URL', undefined],
  ['KEY_SECRETS', ''],
  ['API_BASE_URL', 'api.example.test'],
  ['SIGNUP_GRANT', '-5'],
  ['SIGNUP_GRANT', '5e3'],
  ['SIGNUP_FUNDS', 'operator'],
  ['PRODUCT', 'other'],
  ['PASSWORD_COST', '3'],
  ['PASSWORD_COST', '16'],
  ['CONTROL_PORT', '99999'],
])('names %s when it is %j, and repeats no value', (name, value) => {
  const start = () => controlConfig({ ...NEEDED, [name]: value })
  expect(start).toThrow(name)
  expect(start).not.toThrow(/secret-canary/)
})

it('hashes passwords for the public at a cost that withstands guessing; only the standalone product may spend less', () => {
  expect(() => controlConfig({ ...NEEDED, PASSWORD_COST: '9' })).toThrow('PASSWORD_COST must be at least 10')
  expect(controlConfig({ ...NEEDED, PASSWORD_COST: '10' }).PASSWORD_COST).toBe(10)
  expect(controlConfig({ ...NEEDED, PASSWORD_COST: '4', PRODUCT: 'standalone' }).PASSWORD_COST).toBe(4)
})
