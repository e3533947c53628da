/** Below what systems take for outgoing connections, of which programs open some between the choice of a port and its use. */
const PORT_MIN = 20_000
const PORTS = 12_000
const TRIES_MAX = 20

/**
 * Starts programs of which one is configured with the address of another, so that a port is chosen before it is bound. When another
 * program was faster, they start again with another port.
 * @param undo ends what `start` had started
 */
export async function atFreePort<T>(start: (port: number) => Promise<T>, undo: () => unknown): Promise<T> {
  for (let tries = 1; ; tries++) {
    const port = PORT_MIN + Math.floor(Math.random() * PORTS)
    try {
      return await start(port)
    } catch (error) {
      const isTaken = error instanceof Error && error.message.startsWith(`Port ${port} is in use`)
      if (!isTaken || tries === TRIES_MAX) throw error
      await undo()
    }
  }
}
