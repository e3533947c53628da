import type { Tap } from './link.ts'

/** What was asked of Postgres by the statement `auth_lookup`, counted from the protocol: exact at any moment, by whoever asks. */
export interface LookupCounts {
  /** Queries sent. */
  lookups: number
  /** Digests in them. */
  digests: number
  /** Queries without an answer yet, now and at most since it was last set. */
  inFlight: number
  inFlightMax: number
}

const STATEMENT = Buffer.from('auth_lookup\0')
const BIND = 'B'.charCodeAt(0)
const READY_FOR_QUERY = 'Z'.charCodeAt(0)
/** How each digest begins in the text form of an array of bytea. */
const DIGEST = Buffer.from('\\x')

/** Makes an observer per connection, which all add to `counts`. Understands the protocol's version 3 without encryption. */
export function postgresTap(counts: LookupCounts): () => Tap {
  return () => {
    let asking = false
    const settle = () => {
      if (asking) counts.inFlight--
      asking = false
    }
    const begin = (digests: number) => {
      counts.lookups++
      counts.digests += digests
      if (!asking) counts.inFlight++
      asking = true
      counts.inFlightMax = Math.max(counts.inFlightMax, counts.inFlight)
    }
    const toServer = messages(false, (type, body) => {
      const digests = type === BIND ? digestsOf(body) : null
      if (digests !== null) begin(digests)
    })
    const fromServer = messages(true, (type) => {
      if (type === READY_FOR_QUERY) settle()
    })
    return { toServer, fromServer, closed: settle }
  }
}

/** The digests of a Bind message; null when it binds another statement. Portals have no name here: its ending zero comes first. */
function digestsOf(body: Buffer): number | null {
  const named = body.subarray(body.indexOf(0) + 1)
  if (!named.subarray(0, STATEMENT.length).equals(STATEMENT)) return null
  let count = 0
  for (let at = named.indexOf(DIGEST); at !== -1; at = named.indexOf(DIGEST, at + 1)) count++
  return count
}

/** Cuts a stream into messages of a type byte, a length and a body. A client's first message has no type. */
function messages(typed: boolean, onMessage: (type: number, body: Buffer) => void): (bytes: Buffer) => void {
  let begun = typed
  let held: Buffer = Buffer.alloc(0)
  return (bytes) => {
    held = held.length > 0 ? Buffer.concat([held, bytes]) : bytes
    for (;;) {
      const head = begun ? 1 : 0
      if (held.length < head + 4) return
      const end = head + held.readUInt32BE(head)
      if (held.length < end) return
      if (begun) onMessage(held[0] ?? 0, held.subarray(head + 4, end))
      begun = true
      held = held.subarray(end)
    }
  }
}
