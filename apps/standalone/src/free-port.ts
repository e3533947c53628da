/** Below what systems take for outgoing connections. */
const PORT_MIN = 20_000
const PORTS = 12_000
const TRIES_MAX = 20

/** Chooses a port before it is bound; another when a program was faster. @param undo ends what `start` had started */
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
