/** Cuts a stream into RESP2 replies. */
export interface RespSplitter {
  /** The replies that are complete now. Null once the stream cannot be read as replies; `rest` then has what is left of it. */
  push(bytes: Buffer): Buffer[] | null
  /** The bytes that belong to no complete reply yet; the splitter forgets them. */
  rest(): Buffer
}

/** A reply that is longer is none that a key path asks for; the bound keeps a stream that is no RESP from piling up. */
const REPLY_BYTES_MAX = 1024 * 1024
/** Replies of scripts nest a few levels. */
const DEPTH_MAX = 32

/** A splitter at a reply's first byte. Null bulk strings and null arrays are replies like any other. */
export function respSplitter(): RespSplitter {
  let held: Buffer = Buffer.alloc(0)
  return {
    push(bytes) {
      held = held.length > 0 ? Buffer.concat([held, bytes]) : bytes
      const replies: Buffer[] = []
      let from = 0
      for (;;) {
        const end = from < held.length ? endOfReply(held, from, 0) : 'incomplete'
        if (typeof end === 'number') {
          replies.push(held.subarray(from, end))
          from = end
          continue
        }
        held = held.subarray(from)
        const readable = end === 'incomplete' && held.length <= REPLY_BYTES_MAX
        if (!readable) held = Buffer.concat([...replies, held])
        return readable ? replies : null
      }
    },
    rest() {
      const left = held
      held = Buffer.alloc(0)
      return left
    },
  }
}

/** Where the reply that begins at `from` ends. */
function endOfReply(bytes: Buffer, from: number, depth: number): number | 'incomplete' | 'garbled' {
  const lineEnd = bytes.indexOf('\r\n', from)
  const type = String.fromCharCode(bytes[from] ?? 0)
  if (depth > DEPTH_MAX || !'+-:$*'.includes(type)) return 'garbled'
  if (lineEnd === -1) return 'incomplete'
  const next = lineEnd + 2
  if (type !== '$' && type !== '*') return next
  const length = Number(bytes.toString('latin1', from + 1, lineEnd))
  if (!Number.isSafeInteger(length) || length < -1) return 'garbled'
  if (length === -1) return next
  if (type === '$') {
    const end = next + length + 2
    return end <= bytes.length ? end : 'incomplete'
  }
  let end = next
  for (let item = 0; item < length; item++) {
    const after = end < bytes.length ? endOfReply(bytes, end, depth + 1) : 'incomplete'
    if (typeof after !== 'number') return after
    end = after
  }
  return end
}
