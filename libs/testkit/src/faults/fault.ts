/** What a fault proxy can do to connections. Counts and pieces are those of the direction from server to client. */
export type Fault =
  /** New connections are refused, live ones are reset. */
  | { readonly kind: 'refuse' }
  /** Connections are accepted and nothing is forwarded; live ones fall silent. What was held goes on when this ends. */
  | { readonly kind: 'blackHole' }
  /** Each reply comes later by `ms`, give or take `jitterMs`; the order of a connection's bytes stays. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number }
  /** Per connection. */
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** After so many bytes, counted per connection from when it is set: a reset, an orderly end, or silence on an open line. */
  | { readonly kind: 'resetAfter' | 'finAfter' | 'freezeAfter'; readonly bytes: number }
  /** Replies come in pieces of so many bytes, each sent by itself. */
  | { readonly kind: 'slice'; readonly bytes: number }
  /** One byte of a piece is flipped, with this probability per piece. */
  | { readonly kind: 'corrupt'; readonly probability: number }
  /** RESP: a reply is exchanged with the next one, of the same connection or of another, with this probability. */
  | { readonly kind: 'swapReplies'; readonly probability: number }

/** What a proxy counted since it was started, over all connections. */
export interface FaultCounts {
  corrupted: number
  swapped: number
  bytesToClient: number
}
