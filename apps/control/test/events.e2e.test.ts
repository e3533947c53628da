import { limitMs } from '@turnpike/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ConsoleEvents, KeyCreated } from '@turnpike/contract'
import { notifyRefusal, verifyByLink } from '@turnpike/store'
import {
  issue,
  signUp,
  startControl,
  verifiedPerson,
  type Visitor,
  type Person,
  type RunningControl,
} from './control-process.ts'
import { ship } from './usage-rows.ts'

let running: RunningControl

beforeAll(async () => {
  running = await startControl()
})
afterAll(() => running.close())

/** The events that a console receives, one at a time. */
async function* listenTo(visitor: Visitor): AsyncGenerator<{ name: string; data: unknown }> {
  const response = await fetch(`${running.url}/console/v1/events`, { headers: { cookie: visitor.cookie } })
  if (response.status !== 200 || !response.body) throw new Error(`the stream was answered with ${response.status}`)
  let text = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end)
      text = text.slice(end + 2)
      const match = /^event: (\w+)\ndata: (.*)$/.exec(block)
      if (match) yield { name: match[1] ?? '', data: JSON.parse(match[2] ?? 'null') }
      else yield { name: 'opened', data: block }
    }
  }
}

async function opened(visitor: Visitor) {
  const stream = listenTo(visitor)
  expect((await stream.next()).value?.name).toBe('opened')
  return stream
}

/** The next request in a stream. The notice of a key that was made before the stream was opened may still come first. */
async function nextRequest(stream: ReturnType<typeof listenTo>) {
  for (;;) {
    const { name, data } = (await stream.next()).value!
    if (name === 'request') return ConsoleEvents.request.parse(data)
  }
}

async function keyOf({ visitor }: Person): Promise<string> {
  return KeyCreated.parse((await visitor.post('/keys', { name: 'a key', kind: 'live' })).body).data.id
}

it('lets the first tab go on by itself when the address is verified elsewhere', async () => {
  const { visitor, email } = await signUp(running.url)
  const stream = await opened(visitor)
  const { prisma } = running.control
  const { linkToken, code } = await issue(running, email)
  await verifyByLink(prisma, { token: linkToken, code, userId: null }, 0n, Date.now())
  expect((await stream.next()).value).toEqual({ name: 'verified', data: {} })
  await stream.return(undefined)
})

it('shows a request within three seconds of being shipped', async () => {
  const person = await verifiedPerson(running)
  const keyId = await keyOf(person)
  const stream = await opened(person.visitor)
  const beganMs = performance.now()
  const [requestId] = await ship(running, person, keyId)
  const { row } = await nextRequest(stream)
  expect(performance.now() - beganMs).toBeLessThan(limitMs(3_000))
  expect(row).toMatchObject({
    id: `gen-${requestId}`,
    keyId,
    keyName: 'a key',
    costNano: '12450',
  })
  await stream.return(undefined)
})

it('sends every row once, in the order of time, however they come', async () => {
  const person = await verifiedPerson(running)
  const keyId = await keyOf(person)
  const stream = await opened(person.visitor)
  const before = await ship(running, person, keyId, [{}, {}, {}])
  const after = await ship(running, person, keyId, [{}, {}])
  const received: string[] = []
  while (received.length < 5) received.push((await nextRequest(stream)).row.id)
  expect(received.toSorted()).toEqual([...before, ...after].map((id) => `gen-${id}`).toSorted())
  await stream.return(undefined)
})

it('sends a long request that began before the console was opened', async () => {
  const person = await verifiedPerson(running)
  const keyId = await keyOf(person)
  const stream = await opened(person.visitor)
  const began_at = new Date(Date.now() - 10 * 60_000).toISOString()
  const [requestId] = await ship(running, person, keyId, [{ began_at, total_ms: 600_000 }])
  expect((await nextRequest(stream)).row.id).toBe(`gen-${requestId}`)
  await stream.return(undefined)
})

it('sends changes of keys, and nothing that belongs to others', async () => {
  const person = await verifiedPerson(running)
  const other = await verifiedPerson(running)
  const stream = await opened(person.visitor)
  await ship(running, other, await keyOf(other))
  const id = await keyOf(person)
  expect((await stream.next()).value).toEqual({ name: 'key', data: { id } })
  await stream.return(undefined)
})

it('ends with the session', async () => {
  const person = await verifiedPerson(running)
  const stream = await opened(person.visitor)
  await person.visitor.post('/sign-out')
  expect((await stream.next()).done).toBe(true)
})

it('goes on after the connection for notifications broke', async () => {
  const person = await verifiedPerson(running)
  const keyId = await keyOf(person)
  const stream = await opened(person.visitor)
  await running.control.prisma.$queryRaw`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'turnpike control events' AND datname = current_database()`
  const [requestId] = await ship(running, person, keyId)
  expect((await nextRequest(stream)).row.id).toBe(`gen-${requestId}`)
  await stream.return(undefined)
})

it('ignores notifications that are not ours', async () => {
  const person = await verifiedPerson(running)
  const stream = await opened(person.visitor)
  for (const text of ['{', 'null', '{"tenantId":1}', `{"tenantId":"${person.tenantId}","name":"other"}`]) {
    await running.control.prisma
      .$executeRaw`SELECT pg_notify('turnpike_console', ${text}), pg_notify('turnpike_usage', ${text})`
  }
  const id = await keyOf(person)
  expect((await stream.next()).value).toEqual({ name: 'key', data: { id } })
  await stream.return(undefined)
})

it('releases what a closed console used', async () => {
  const person = await verifiedPerson(running)
  const before = running.control.eventStreams.count
  const stream = await opened(person.visitor)
  expect(running.control.eventStreams.count).toBe(before + 1)
  await stream.return(undefined)
  await expect.poll(() => running.control.eventStreams.count).toBe(before)
})

it('shows a refusal that belongs to nobody to consoles at the same address only, without a word of its caller', async () => {
  const { visitor } = await verifiedPerson(running)
  const stream = await opened(visitor)
  const { pool } = running.control
  const atMs = Date.UTC(2026, 10, 21, 12)
  await pool.query(
    `SELECT pg_notify('turnpike_refusals', '{"address":"127.0.0.1","code":"a text of anybody","atMs":1}')`,
  )
  await notifyRefusal(pool, { address: '192.0.2.1', code: 'key_missing', atMs })
  await notifyRefusal(pool, { address: '127.0.0.1', code: 'key_damaged', atMs })
  const { name, data } = (await stream.next()).value!
  expect([name, data]).toEqual([
    'refusal',
    { at: '2026-11-21T12:00:00.000Z', diagnosis: { code: 'key_damaged', about: null } },
  ])
})

it('shows a request for the gateway that was sent to the console', async () => {
  const { visitor } = await verifiedPerson(running)
  const stream = await opened(visitor)
  const sent = await fetch(`${running.url}/api/v1/chat/completions`, { method: 'POST' })
  expect(sent.status).toBe(404)
  const { name, data } = (await stream.next()).value!
  expect([name, (data as { diagnosis: unknown }).diagnosis]).toEqual([
    'refusal',
    { code: 'console_address', about: null },
  ])
})
