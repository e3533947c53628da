import { newSecretsText } from '@turnpike/store'
import { testRedis } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startControl, Visitor, type RunningControl } from './control-process.ts'
import { openDetour, type Detour } from './detour.ts'

let detour: Detour
let replicas: readonly RunningControl[]

beforeAll(async () => {
  detour = await openDetour()
  const settings = {
    KEY_SECRETS: newSecretsText(),
    TRUSTED_PROXIES: '127.0.0.1',
    REDIS_URL: await detour.to((await testRedis()).url),
  }
  replicas = [await startControl(settings), await startControl(settings)]
})
afterAll(async () => {
  for (const replica of replicas) await replica.close()
  await detour.close()
})

/** Statuses of that many sign-ins from one address, by turns to each of the replicas. */
async function signIns(address: string, count: number, to = replicas): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < count; i++) {
    const visitor = new Visitor(to[i % to.length]?.url ?? '')
    const body = { email: `${i}@example.test`, password: 'wrong' }
    const answer = await visitor.send('POST', '/console/v1/sign-in', body, { 'x-forwarded-for': address })
    statuses.push(answer.status)
  }
  return statuses
}

const allowed = Array.from({ length: 20 }, () => 401)

it('lets one network sign in twenty times a minute, whichever replica it reaches', async () => {
  expect(await signIns('192.0.2.1', 21)).toEqual([...allowed, 429])
}, 60_000)

/** Statuses of that many wrong passwords of one account, by turns to each of the replicas. */
async function guesses(email: string, count: number, from: (i: number) => string): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < count; i++) {
    const visitor = new Visitor(replicas[i % 2]?.url ?? '')
    const source = { 'x-forwarded-for': from(i) }
    const answer = await visitor.send('POST', '/console/v1/sign-in', { email, password: 'wrong' }, source)
    statuses.push(answer.status)
  }
  return statuses
}

it('slows down guessing at one account, from one network sooner than from many, whichever replica it reaches', async () => {
  const one = await guesses('guessed@example.test', 6, () => '198.51.100.200')
  expect(one).toEqual([401, 401, 401, 401, 401, 429])
  expect(await guesses('besieged@example.test', 21, (i) => `198.51.100.${i}`)).toEqual([...allowed, 429])
}, 60_000)

it('holds the limit in each process while Redis is away, and fails no sign-in', async () => {
  detour.cut()
  expect(await signIns('192.0.2.2', 21, replicas.slice(0, 1))).toEqual([...allowed, 429])
  detour.mend()
}, 60_000)
