import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Running } from '@turnpike/server'
import { CHUNK, CHUNKS_PER_STREAM, ENDING, WHOLE } from './answers.ts'

/** How streams come. Both zero: as fast as the reader takes them, one chunk per turn of the event loop. */
export interface Pace {
  readonly firstChunkMs: number
  readonly chunkMs: number
}

/** What has been served since the start. */
export interface Served {
  readonly requests: number
  /** Content chunks of streams; endings are not counted. */
  readonly chunks: number
}

/** An instant provider on loopback. `PUT /pace` sets how later streams come, `GET /served` answers with the counts. */
export async function startUpstream(): Promise<Running> {
  let pace: Pace = { firstChunkMs: 0, chunkMs: 0 }
  const served = { requests: 0, chunks: 0 }
  const server = createServer((request, response) => {
    if (request.url === '/served') {
      response.end(JSON.stringify(served satisfies Served))
    } else if (request.url === '/pace') {
      whenRead(request, (body) => {
        pace = JSON.parse(body.toString()) as Pace
        response.end()
      })
    } else {
      whenRead(request, (body) => {
        served.requests++
        if (body.includes(STREAMED)) stream(response, pace, () => served.chunks++)
        else sendWhole(response)
      })
    }
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG_MAX }, resolve))
  const { port } = server.address() as AddressInfo
  return {
    ready: { url: `http://127.0.0.1:${port}/v1` },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A thousand streams may be opened at once. */
const BACKLOG_MAX = 2_048
/** Longer than the pause between two cases, so that both subjects keep their connections. */
const KEEP_ALIVE_MS = 60_000
/** Both subjects write JSON without blanks. */
const STREAMED = Buffer.from('"stream":true')

/** Reads a request to its end. Chats are searched, not parsed: the cost of that is not measured. */
function whenRead(request: IncomingMessage, answer: (body: Buffer) => void): void {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.once('end', () => answer(Buffer.concat(pieces)))
}

function sendWhole(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': WHOLE.length })
  response.end(WHOLE)
}

function stream(response: ServerResponse, { firstChunkMs, chunkMs }: Pace, count: () => void): void {
  response.socket?.setNoDelay(true)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  let sent = 0
  const next = () => {
    if (response.destroyed) return
    if (sent === CHUNKS_PER_STREAM) {
      response.end(ENDING)
      return
    }
    sent++
    count()
    const room = response.write(CHUNK)
    if (chunkMs > 0) setTimeout(next, chunkMs)
    else if (room) setImmediate(next)
    else response.once('drain', next)
  }
  if (firstChunkMs > 0) {
    response.flushHeaders()
    setTimeout(next, firstChunkMs)
  } else {
    next()
  }
}
