import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitFor } from '../wait.ts'
import { startFaultProxy, type FaultProxy } from './proxy.ts'

/** Long enough for loopback to have delivered; a busy machine can only make a test of silence pass. */
const SILENCE_MS = 60

let server: Server
let accepted: Socket[]
let proxy: FaultProxy
let clients: Client[]
let dice: number

/** Answers each line with itself, as Redis would a simple string. */
beforeEach(async () => {
  accepted = []
  clients = []
  dice = 0
  server = createServer((socket) => {
    accepted.push(socket)
    socket.on('data', (bytes) => socket.write(bytes))
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await startFaultProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, () => dice)
})

afterEach(async () => {
  for (const client of clients) client.socket.destroy()
  await proxy.close()
  for (const socket of accepted) socket.destroy()
  server.close()
})

interface Client {
  readonly socket: Socket
  readonly received: () => string
  readonly pieces: string[]
  /** Why it closed; null while it is open, '' for an orderly end. */
  readonly ended: () => string | null
}

async function open(): Promise<Client> {
  const socket = connect(proxy.port, '127.0.0.1')
  const pieces: string[] = []
  let ended: string | null = null
  let failed = ''
  socket.on('data', (bytes: Buffer) => pieces.push(bytes.toString('latin1')))
  socket.on('error', (error) => (failed = 'code' in error ? String(error.code) : error.message))
  socket.on('close', () => (ended = failed))
  const client = { socket, pieces, received: () => pieces.join(''), ended: () => ended }
  clients.push(client)
  await once(socket, 'connect')
  return client
}

function receives(client: Client, text: string): Promise<boolean> {
  return waitFor(() => client.received() === text, { withinMs: 3_000, what: `receiving ${JSON.stringify(text)}` })
}

async function talk(client: Client, line: string): Promise<void> {
  const before = client.received()
  client.socket.write(line)
  await receives(client, before + line)
}

/** Resolves when nothing has come for a while. */
async function isSilent({ socket }: Client): Promise<void> {
  const signal = AbortSignal.timeout(SILENCE_MS)
  await expect(once(socket, 'data', { signal })).rejects.toThrow('aborted')
}

describe('without a fault', () => {
  it('passes bytes both ways, closes what was closed, and counts', async () => {
    const client = await open()
    await talk(client, '+hello\r\n')
    expect(proxy.stats()).toMatchObject({ accepted: 1, live: 1, bytesToClient: 8, swapped: 0, corrupted: 0 })
    client.socket.end()
    await waitFor(() => accepted[0]?.destroyed, { withinMs: 3_000 })
    expect(proxy.stats().live).toBe(0)
  })

  it('passes the end of the server on, after everything that it sent', async () => {
    const client = await open()
    const socket = await waitFor(() => accepted[0], { withinMs: 3_000 })
    socket.end('x'.repeat(300_000))
    await waitFor(() => client.ended() === '', { withinMs: 3_000 })
    expect(client.received()).toHaveLength(300_000)
  })

  it('carries ten megabytes unchanged to a client that reads late', async () => {
    const client = await open()
    client.socket.pause()
    client.socket.write('y'.repeat(10_000_000))
    await waitFor(() => (accepted[0]?.bytesRead ?? 0) > 1_000_000, { withinMs: 5_000 })
    client.socket.resume()
    await waitFor(() => client.received().length === 10_000_000, { withinMs: 10_000 })
  })

  it('resets clients while the target is nowhere, and finds it again elsewhere', async () => {
    const target = { host: '127.0.0.1', port: null as number | null }
    const other = await startFaultProxy(target)
    const socket = connect(other.port, '127.0.0.1')
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    target.port = (server.address() as AddressInfo).port
    const again = connect(other.port, '127.0.0.1')
    again.write('+back\r\n')
    expect(String(await once(again, 'data'))).toBe('+back\r\n')
    again.destroy()
    await other.close()
  })
})

describe('refuse', () => {
  it('resets live connections, refuses new ones, and answers at the same port when healed', async () => {
    const client = await open()
    await talk(client, '+one\r\n')
    await proxy.set({ kind: 'refuse' })
    await waitFor(() => client.ended() !== null, { withinMs: 3_000 })
    expect(client.ended()).toBe('ECONNRESET')
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await proxy.heal()
    await talk(await open(), '+two\r\n')
  })

  it('gives way to another fault in the order in which they were set', async () => {
    void proxy.set({ kind: 'refuse' })
    void proxy.set({ kind: 'blackHole' })
    await proxy.set({ kind: 'refuse' })
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

it('cut resets live connections and takes new ones', async () => {
  const client = await open()
  await talk(client, '+one\r\n')
  proxy.cut()
  await waitFor(() => client.ended() === 'ECONNRESET', { withinMs: 3_000 })
  await talk(await open(), '+two\r\n')
})

it('blackHole silences live connections, accepts new ones without a word, and lets everything through when healed', async () => {
  const live = await open()
  await talk(live, '+one\r\n')
  await proxy.set({ kind: 'blackHole' })
  const fresh = await open()
  live.socket.write('+two\r\n')
  fresh.socket.write('+three\r\n')
  await isSilent(live)
  expect(fresh.received()).toBe('')
  expect(accepted).toHaveLength(1)
  await proxy.heal()
  await receives(live, '+one\r\n+two\r\n')
  await receives(fresh, '+three\r\n')
})

it('blackHole tells of a server that broke meanwhile only when healed', async () => {
  const client = await open()
  await talk(client, '+one\r\n')
  await proxy.set({ kind: 'blackHole' })
  accepted[0]?.resetAndDestroy()
  await isSilent(client)
  expect(client.ended()).toBeNull()
  await proxy.heal()
  await waitFor(() => client.ended() === 'ECONNRESET', { withinMs: 3_000 })
})

describe('latency', () => {
  it('delays each reply, keeps their order, and hurries what waits when healed', async () => {
    const client = await open()
    await talk(client, '+zero\r\n')
    await proxy.set({ kind: 'latency', ms: 80 })
    const sentMs = performance.now()
    client.socket.write('+one\r\n')
    await receives(client, '+zero\r\n+one\r\n')
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(79)
    await proxy.set({ kind: 'latency', ms: 60_000 })
    client.socket.write('+two\r\n')
    await isSilent(client)
    await proxy.heal()
    await receives(client, '+zero\r\n+one\r\n+two\r\n')
  })

  it('strays by the jitter, either way', async () => {
    const client = await open()
    await talk(client, '+zero\r\n')
    await proxy.set({ kind: 'latency', ms: 60_000, jitterMs: 59_990 })
    const sentMs = performance.now()
    await talk(client, '+early\r\n')
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(9)
    dice = 0.999
    client.socket.write('+late\r\n')
    await isSilent(client)
  })
})

it('bandwidth lets so many bytes through per second', async () => {
  const client = await open()
  await proxy.set({ kind: 'bandwidth', bytesPerSecond: 20_000 })
  const sentMs = performance.now()
  await talk(client, 'z'.repeat(4_000))
  expect(performance.now() - sentMs).toBeGreaterThanOrEqual(190)
  expect(client.pieces.length).toBeGreaterThan(1)
})

describe('after so many bytes, counted from when it is set', () => {
  it.each([
    ['resetAfter', 'ECONNRESET'],
    ['finAfter', ''],
  ] as const)('%s ends the connection', async (kind, ended) => {
    const client = await open()
    await talk(client, 'before')
    await proxy.set({ kind, bytes: 10 })
    client.socket.write('0123456789abcdef')
    await waitFor(() => client.ended() !== null, { withinMs: 3_000 })
    expect(client.received()).toBe('before0123456789')
    expect(client.ended()).toBe(ended)
    await talk(await open(), 'nine more')
  })

  it('freezeAfter falls silent on an open line, and goes on when healed', async () => {
    const client = await open()
    await proxy.set({ kind: 'freezeAfter', bytes: 4 })
    client.socket.write('012')
    await receives(client, '012')
    client.socket.write('345')
    await receives(client, '0123')
    client.socket.write('678')
    await isSilent(client)
    expect(client.ended()).toBeNull()
    await proxy.heal()
    await receives(client, '012345678')
  })
})

it('slice sends a reply in many pieces', async () => {
  const client = await open()
  await proxy.set({ kind: 'slice', bytes: 1 })
  await talk(client, '+one\r\n')
  // Two may meet on the way.
  expect(client.pieces.length).toBeGreaterThan(3)
})

it('corrupt flips one byte of a piece, as often as the dice say', async () => {
  const client = await open()
  await proxy.set({ kind: 'corrupt', probability: 0.5 })
  client.socket.write('+one\r\n')
  await waitFor(() => client.received().length === 6, { withinMs: 3_000 })
  const changed = client
    .received()
    .split('')
    .filter((letter, index) => letter !== '+one\r\n'[index])
  expect(changed).toHaveLength(1)
  dice = 0.5
  await talk(client, '+two\r\n')
  expect(proxy.stats().corrupted).toBe(1)
})

describe('swapReplies', () => {
  it('exchanges neighbours of one connection', async () => {
    const client = await open()
    await proxy.set({ kind: 'swapReplies', probability: 1 })
    client.socket.write('$2\r\nab\r\n:1\r\n+next\r\n')
    await receives(client, ':1\r\n$2\r\nab\r\n+next\r\n')
    expect(proxy.stats().swapped).toBe(1)
  })

  it('exchanges replies of two connections', async () => {
    const [one, other] = [await open(), await open()]
    await proxy.set({ kind: 'swapReplies', probability: 1 })
    one.socket.write('+for one\r\n')
    other.socket.write('+for the other\r\n')
    await receives(one, '+for the other\r\n')
    await receives(other, '+for one\r\n')
    expect(proxy.stats().swapped).toBe(1)
  })

  it('lets a reply go unchanged when no other comes, and one that the dice spare at once', async () => {
    const client = await open()
    await proxy.set({ kind: 'swapReplies', probability: 0.5 })
    await talk(client, '+alone\r\n')
    dice = 0.5
    await talk(client, '+spared\r\n+spared too\r\n')
    expect(proxy.stats().swapped).toBe(0)
  })

  it('passes what is no RESP as it is', async () => {
    const client = await open()
    await proxy.set({ kind: 'swapReplies', probability: 1 })
    await talk(client, 'HTTP/1.1 200 OK\r\n')
    await talk(client, '+one\r\n')
  })
})
