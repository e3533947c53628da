import { createParser } from 'eventsource-parser'
import { Fault } from '@turnpike/domain'
import type { SseEvent } from './adapter.ts'

/** Characters of one event or unfinished line: real ones are a few hundred bytes, a megabyte is a fault. */
export const EVENT_CHARACTERS_MAX = 1_048_576

const CARRIAGE_RETURN = 13

/**
 * Reads server-sent events: any mix of CR, LF and CRLF, a byte order mark, comments, several data lines in one event.
 * Comments and events without data are dropped. Throws Fault `upstream_garbled` for an event above `EVENT_CHARACTERS_MAX`,
 * and lets through what `onEvent` throws; after either the reader must not be used again.
 */
export function createSseReader(onEvent: (event: SseEvent) => void) {
  const decoder = new TextDecoder()
  let endsWithReturn = false
  const parser = createParser({
    maxBufferSize: EVENT_CHARACTERS_MAX,
    onEvent: ({ event, data }) => {
      if (data.length > EVENT_CHARACTERS_MAX) throw tooLarge()
      if (data !== '') onEvent({ event, data })
    },
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') throw tooLarge()
    },
  })
  const feed = (text: string) => {
    if (text === '') return
    endsWithReturn = text.charCodeAt(text.length - 1) === CARRIAGE_RETURN
    parser.feed(text)
  }
  return {
    /** Takes the next bytes, cut anywhere, even inside a character. Calls back before it returns. */
    push: (bytes: Uint8Array): void => feed(decoder.decode(bytes, { stream: true })),
    /** The stream closed. An event without its blank line is dropped: half a frame must never pass for a whole one. */
    end: (): void => {
      feed(decoder.decode())
      // The parser holds a last CR back, since an LF may follow. None will, so the CR was a line's end.
      if (endsWithReturn) feed('\n')
    },
  }
}

function tooLarge(): Fault {
  return new Fault('upstream_garbled', 'The provider sent an event that is too large to be one.', {
    detail: { charactersMax: EVENT_CHARACTERS_MAX },
  })
}
