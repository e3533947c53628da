import { createServer, type AddressInfo, type Server } from 'node:net'

/**
 * Below what systems take for outgoing connections. A port from there stays ours while nobody listens on it, and a client
 * that keeps trying cannot be given the port as its own and connect to itself.
 */
const PORT_MIN = 20_000
const PORTS = 12_000
const TRIES_MAX = 50

/** A port for a program that is configured with it before it starts, and that finds it again after a restart. */
export async function steadyPort(): Promise<number> {
  const server = createServer()
  const port = await listenSteadily(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Listens on the loopback address at a port that can be closed and opened again. @returns the port */
export async function listenSteadily(server: Server): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await listenAt(server, PORT_MIN + Math.floor(Math.random() * PORTS))
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!taken || tries === TRIES_MAX) throw error
    }
  }
}

/** Rejects when the port is taken. */
export function listenAt(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port, backlog: BACKLOG_MAX }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** A fleet that comes back all at once. */
const BACKLOG_MAX = 1_024
