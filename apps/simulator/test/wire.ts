import { connect, type Socket } from 'node:net'

/** A request written by hand, so that a test sees what is on the line and not what a client makes of it. */
interface Line {
  readonly socket: Socket
  /** How the other side ended it: `end` for a FIN, otherwise the code of the error. */
  readonly ended: Promise<string>
  /** All that came so far. */
  received(): string
  /** Settles when what came so far contains `text`. */
  until(text: string): Promise<void>
}

export function line(url: string, path: string, body: unknown, headers: Record<string, string> = {}): Line {
  const { hostname, port } = new URL(url)
  const json = JSON.stringify(body)
  const head = {
    host: hostname,
    authorization: 'Bearer key',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(json)),
    ...headers,
  }
  const socket = connect(Number(port), hostname)
  let text = ''
  const watchers = new Set<() => void>()
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString()
    for (const look of watchers) look()
  })
  const ended = new Promise<string>((resolve) => {
    socket.once('end', () => resolve('end'))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
  })
  socket.write(
    `POST ${path} HTTP/1.1\r\n${Object.entries(head)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n${json}`,
  )
  const until = (wanted: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!text.includes(wanted)) return
        watchers.delete(look)
        resolve()
      }
      watchers.add(look)
      look()
    })
  return { socket, ended, received: () => text, until }
}
