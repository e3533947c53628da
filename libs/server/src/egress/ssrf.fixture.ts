import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Ports that a tenant's URL may have: the listener takes one of them, so that no rule about ports hides what addresses do. */
const PORTS = [8443, 443]

/** Somebody on this machine who is not to be reached, and every connection that this process begins. */
export interface Watch {
  readonly port: number
  /** Connections that came to the listener on 127.0.0.1 and on ::1. */
  arrived(): number
  /** Connections that this process began at all since the last call, to wherever. */
  opened(): number
  close(): Promise<void>
}

export async function startWatch(): Promise<Watch> {
  const { port, servers } = await listen()
  let arrived = 0
  let opened = 0
  for (const server of servers) {
    server.on('connection', (socket) => {
      arrived++
      socket.on('error', () => undefined).destroy()
    })
  }
  const hook = createHook({
    init(_, type) {
      if (type === 'TCPCONNECTWRAP') opened++
    },
  }).enable()
  return {
    port,
    arrived: () => arrived,
    opened() {
      const count = opened
      opened = 0
      return count
    },
    async close() {
      hook.disable()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

async function listen(): Promise<{ readonly port: number; readonly servers: readonly Server[] }> {
  for (const port of PORTS) {
    const four = await listening('127.0.0.1', port)
    if (!four) continue
    // A machine without IPv6 has nobody there to be reached.
    const six = await listening('::1', port)
    return { port, servers: six ? [four, six] : [four] }
  }
  throw new Error(`The ports ${PORTS.join(' and ')} are taken on this machine; one of them must be free.`)
}

async function listening(host: string, port: number): Promise<Server | null> {
  const server = createServer()
  server.listen({ host, port })
  return once(server, 'listening').then(
    () => server,
    () => null,
  )
}

/** Every way to write an IPv4 address that a URL parser or a resolver takes for it. */
export function spellingsOf(address: string): readonly string[] {
  const bytes = address.split('.').map(Number)
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  const whole = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
  const [high, low] = [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)]
  return [
    address,
    String(whole),
    `0x${whole.toString(16)}`,
    `0X${whole.toString(16).toUpperCase()}`,
    `0${whole.toString(8)}`,
    bytes.map((byte) => `0x${byte.toString(16)}`).join('.'),
    bytes.map((byte) => `0${byte.toString(8)}`).join('.'),
    bytes.map((byte) => `00000${byte.toString(8)}`).join('.'),
    `${a}.${b}.${(c << 8) | d}`,
    `${a}.${(b << 16) | (c << 8) | d}`,
    `0x${a.toString(16)}.0${b.toString(8)}.${(c << 8) | d}`,
    `${address}.`,
    inDigits(address, 'full-width'),
    inDigits(address, 'circled'),
    bytes.join('。'),
    address.replace(/./g, (sign) => `%${sign.charCodeAt(0).toString(16)}`),
    `[::ffff:${address}]`,
    `[::ffff:${high}:${low}]`,
    `[0:0:0:0:0:ffff:${high}:${low}]`,
    `[::${address}]`,
    `[::ffff:0:${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b::${high}:${low}]`,
    `[64:ff9b:1::${address}]`,
    `[2002:${high}:${low}::1]`,
    `[2001:0:${high}:${low}::1]`,
  ]
}

function inDigits(address: string, kind: 'full-width' | 'circled'): string {
  return address.replace(/\d/g, (digit) => {
    if (kind === 'full-width') return String.fromCodePoint(0xff10 + Number(digit))
    return digit === '0' ? '⓪' : String.fromCodePoint(0x245f + Number(digit))
  })
}

const OUTER = 'api.public.example'

/** URLs that look like one host and lead to another, or carry what a base URL has no use for. */
export function disguises(port: number): readonly string[] {
  const inner = `127.0.0.1:${port}`
  const outer = OUTER
  return [
    `https://${outer}@${inner}/`,
    `https://${outer}:443@${inner}/`,
    `https://user:password@${inner}/`,
    `https://@${inner}/`,
    `https://:@${inner}/`,
    `https://${inner}@${outer}/`,
    `https://${inner}#@${outer}/`,
    `https://${inner}?@${outer}/`,
    `https://${outer}#@${inner}/`,
    `https://${outer}/#${inner}`,
    `https://${outer}/?url=https://${inner}/`,
    `https://${outer}\\@${inner}/`,
    `https://${inner}\\.${outer}/`,
    `https:\\\\${inner}\\`,
    `https:/${inner}/`,
    `https:${inner}/`,
    `https:///${inner}/`,
    `//${inner}/`,
    ` https://${inner}/`,
    `https://127.0.0.1:${port}\u0000.${outer}/`,
    `https://127.0.\n0.1:${port}/`,
    `https://127.0.\t0.1:${port}/`,
    `https://127.0.0.1\u200b:${port}/`,
    `https://127.0.0.\u00ad1:${port}/`,
    `https://[::1]:${port}@${outer}/`,
    ...ofInside(port),
    ...otherWays(inner),
  ]
}

/** Names and addresses of this machine, of its network and of its cloud. */
function ofInside(port: number): readonly string[] {
  return [
    `https://[::1%25lo]:${port}/`,
    `https://[fe80::1%25eth0]:${port}/`,
    `HTTPS://LOCALHOST:${port}/`,
    `https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:${port}/`,
    `https://localhost:${port}/`,
    `https://localhost.:${port}/`,
    `https://a.localhost:${port}/`,
    `https://loopback.attacker.example:${port}/`,
    `https://127.0.0.1.nip.example:${port}/`,
    `https://xn--lcalhost-xyz.attacker.example:${port}/`,
    `https://lоcalhost.attacker.example:${port}/`,
    `https://metadata.google.internal:${port}/`,
    `https://[::1]:${port}/`,
    `https://[::]:${port}/`,
    `https://[0000:0000:0000:0000:0000:0000:0000:0001]:${port}/`,
    `https://[fd00:ec2::254]:${port}/`,
    `https://[fec0::1]:${port}/`,
    `https://[ff02::1]:${port}/`,
    `https://[3fff::1]:${port}/`,
    `https://0:${port}/`,
    `https://0.0.0.0:${port}/`,
    `https://127.1:${port}/`,
    `https://100.100.100.200:${port}/`,
    `https://168.63.129.16:${port}/`,
    `https://192.0.0.192:${port}/`,
  ]
}

/** Other protocols and other ports. */
function otherWays(inner: string): readonly string[] {
  const outer = OUTER
  return [
    `http://${inner}/`,
    `http://${outer}/`,
    `https://${outer}:22/`,
    `https://${outer}:6379/`,
    `https://${outer}:0/`,
    `https://${outer}:80/`,
    `https://${outer}:65536/`,
    `ftp://${inner}/`,
    `file:///etc/passwd`,
    `gopher://${inner}/_`,
    `ws://${inner}/`,
    `data:text/plain,hello`,
    `javascript:alert(1)`,
    `unix:/var/run/docker.sock`,
    `https://`,
    ``,
  ]
}
