import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Fault, FaultCounts } from './fault.ts'
import { Link, type Tap } from './link.ts'
import { listenAt, listenSteadily } from './ports.ts'
import { replySwap } from './swap.ts'

/** A TCP proxy on loopback that does one kind of harm at a time. */
export interface FaultProxy {
  readonly port: number
  /** Replaces the fault in force, for live connections too. Resolves when new connections meet it. */
  set(fault: Fault): Promise<void>
  /** Ends the fault: what was held or delayed goes out at once, in order. */
  heal(): Promise<void>
  /** Resets live connections; new ones are taken. */
  cut(): void
  stats(): Readonly<FaultCounts> & { readonly accepted: number; readonly live: number }
  close(): Promise<void>
}

export interface Target {
  readonly host: string
  /** Read at each connection, so that a store may come back elsewhere. Null: nobody is there, and clients are reset. */
  readonly port: number | null
}

/**
 * Starts a proxy on a port of its own, which stays the same through `refuse` and `heal`.
 * @param random uniform in [0, 1): all dice of the faults @param tap makes an observer for each connection
 */
export async function startFaultProxy(
  target: Target,
  random: () => number = Math.random,
  tap: (() => Tap) | null = null,
): Promise<FaultProxy> {
  const counts: FaultCounts = { corrupted: 0, swapped: 0, bytesToClient: 0 }
  const links = new Set<Link>()
  const swap = replySwap(random, () => counts.swapped++)
  let fault: Fault | null = null
  let accepted = 0
  const accept = (client: Socket) => {
    accepted++
    const link: Link = new Link({
      ...{ client, random, counts, swap, fault: () => fault, dial: () => dial(target), tap: tap?.() ?? null },
      onClosed: () => links.delete(link),
    })
    links.add(link)
  }
  const cut = () => {
    for (const link of links) link.reset()
  }
  const server = createServer(accept)
  const port = await listenSteadily(server)
  let changing: Promise<unknown> = Promise.resolve()
  const change = (next: Fault | null): Promise<void> => {
    const changed = changing.then(async () => {
      fault = next
      if (next?.kind === 'refuse') return shut(server, cut)
      for (const link of links) link.faultChanged()
      if (!server.listening) await listenAt(server, port)
    })
    changing = changed.catch(() => undefined)
    return changed
  }
  return {
    port,
    set: (next) => change(next),
    heal: () => change(null),
    cut,
    stats: () => ({ ...counts, accepted, live: links.size }),
    async close() {
      await changing
      await shut(server, cut)
    },
  }
}

function dial({ host, port }: Target): Socket {
  if (port !== null) return connect({ host, port })
  // Fails in the next turn, as a refused connection does.
  return connect({ host, port: NOBODY })
}

/** Nothing listens on the port of the multiplexer of 1988. */
const NOBODY = 1

/** Stops listening; live connections are reset, for the server counts as closed only without them. */
function shut(server: Server, cut: () => void): Promise<void> {
  if (!server.listening) {
    cut()
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    server.close(() => resolve())
    cut()
  })
}
