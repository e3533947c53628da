import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'

/** What a name server says about a name: its addresses, or how it fails; late by so many milliseconds, or never. */
interface NameAnswer {
  readonly addresses?: readonly string[]
  readonly fails?: 'no such name' | 'server failure'
  /** Default 0. */
  readonly afterMs?: number
}

export interface NameServer {
  /** `127.0.0.1:port`, as resolvers take it. */
  readonly address: string
  /** Names that were asked for, in order, once for each family. */
  readonly asked: readonly string[]
  /** What a name says from now on; others do not exist. Null: it says nothing at all. */
  say(host: string, answer: NameAnswer | null): void
  close(): Promise<void>
}

/** Kinds of records, and how an answer ends, as RFC 1035 and RFC 3596 number them. */
const A = 1
const AAAA = 28
const CODES = { fine: 0, 'server failure': 2, 'no such name': 3 } as const

/** A DNS server on loopback, over UDP, that gives the answers a test sets. */
export async function startNameServer(): Promise<NameServer> {
  const socket = createSocket('udp4')
  const names = new Map<string, NameAnswer | null>()
  const asked: string[] = []
  const late = new Set<NodeJS.Timeout>()
  socket.on('message', (query, from) => {
    const { host, kind, end } = questionOf(query)
    asked.push(host)
    const answer = names.has(host) ? names.get(host) : ({ fails: 'no such name' } as const)
    if (!answer) return
    const reply = () => socket.send(replyTo(query.subarray(0, end), kind, answer), from.port, from.address)
    if (answer.afterMs === undefined) reply()
    else late.add(setTimeout(reply, answer.afterMs))
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    say: (host, answer) => void names.set(host, answer),
    async close() {
      late.forEach((timer) => clearTimeout(timer))
      await closed(socket)
    },
  }
}

async function closed(socket: Socket): Promise<void> {
  const gone = once(socket, 'close')
  socket.close()
  await gone
}

const HEADER_BYTES = 12

/** The one question of a query, and where it ends. */
function questionOf(query: Buffer): { readonly host: string; readonly kind: number; readonly end: number } {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase())
    at += 1 + length
  }
  return { host: labels.join('.'), kind: query.readUInt16BE(at + 1), end: at + 5 }
}

function replyTo(question: Buffer, kind: number, { addresses = [], fails }: NameAnswer): Buffer {
  const wanted = addresses.filter((address) => kind === (isIPv6(address) ? AAAA : A))
  const header = Buffer.from(question.subarray(0, HEADER_BYTES))
  // An answer, of a server that asks others if need be.
  header.writeUInt16BE(0x8180 | CODES[fails ?? 'fine'], 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(fails ? 0 : wanted.length, 6)
  header.writeUInt32BE(0, 8)
  const records = fails ? [] : wanted.map((address) => recordOf(kind, bytesOf(address)))
  return Buffer.concat([header, question.subarray(HEADER_BYTES), ...records])
}

function recordOf(kind: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(12)
  // The name of the question, wherever that stands.
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0)
  head.writeUInt16BE(kind, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(0, 6)
  head.writeUInt16BE(bytes.length, 10)
  return Buffer.concat([head, bytes])
}

function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const [before, after] = [groups(head), groups(tail)]
  const gap = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return Buffer.from([...before, ...gap, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex')
}
