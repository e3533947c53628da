import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Running } from '@turnpike/server'
import { createParser } from 'eventsource-parser'
import Fastify from 'fastify'
import { Pool, type Dispatcher } from 'undici'

/**
 * The least that a gateway on Node can do: Fastify in, undici out, the body parsed and written again, and nothing governed.
 * Every figure of the gateway is held against this one, measured in the same run.
 * @param baseUrl the upstream's, with its path and no slash at the end
 */
export async function startFloor(baseUrl: string): Promise<Running> {
  const { origin, pathname } = new URL(baseUrl)
  const pool = new Pool(origin, { connections: CONNECTIONS_MAX, pipelining: 1 })
  const server = Fastify({ bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true })
  server.post('/v1/chat/completions', async (request, reply) => {
    const upstream = await pool.request({
      method: 'POST',
      path: `${pathname}/chat/completions`,
      headers: { 'content-type': 'application/json', authorization: 'Bearer none' },
      body: JSON.stringify(request.body),
    })
    if (!String(upstream.headers['content-type']).includes('text/event-stream')) {
      return reply.type('application/json').send(JSON.stringify(JSON.parse(await upstream.body.text())))
    }
    reply.hijack()
    await pass(upstream.body, reply.raw)
    return reply
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    ready: { url: `${url}/v1` },
    async close() {
      await server.close()
      await pool.destroy()
    },
  }
}

/** The same bounds as the gateway's own. */
const CONNECTIONS_MAX = 2_048
const BODY_BYTES_MAX = 20 * 1024 * 1024

/** Events one by one: parsed, written again, sent together with those that came in the same piece. */
async function pass(body: Dispatcher.ResponseData['body'], response: ServerResponse): Promise<void> {
  let out = ''
  const parser = createParser({
    onEvent: ({ data }) => {
      out += `data: ${data === '[DONE]' ? data : JSON.stringify(JSON.parse(data))}\n\n`
    },
  })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.once('close', () => body.destroy())
  const decoder = new TextDecoder()
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      parser.feed(decoder.decode(piece, { stream: true }))
      const room = response.write(out)
      out = ''
      if (!room) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
  } catch (error) {
    // The load generator hangs up when its time is over, and that alone ends a body early here.
    if (!response.destroyed) throw error
  }
  response.end()
}
