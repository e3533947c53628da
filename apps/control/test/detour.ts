import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy to a server that can be cut. */
export interface Detour {
  /** The same address through the proxy. */
  readonly to: (url: string) => Promise<string>
  /** Breaks every connection and takes no new one. */
  readonly cut: () => void
  readonly mend: () => void
  readonly close: () => Promise<void>
}

export async function openDetour(): Promise<Detour> {
  const sockets = new Set<Socket>()
  let target = { host: '127.0.0.1', port: 0 }
  let isCut = false
  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect(target)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    to(url) {
      const address = new URL(url)
      target = { host: address.hostname, port: Number(address.port || 5432) }
      address.host = `127.0.0.1:${port}`
      return Promise.resolve(address.toString())
    },
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    mend: () => (isCut = false),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
