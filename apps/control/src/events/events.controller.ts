import { Controller, Get, Inject, Req, Res } from '@nestjs/common'
import { EVENT_HEARTBEAT_MS } from '@turnpike/contract/lists'
import { RouteConfig } from '@nestjs/platform-fastify'
import { isSessionAlive } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { Person } from '../routes.decorator.ts'

/** A reader so far behind is disconnected, and reads what it missed from the lists. */
const UNSENT_BYTES_MAX = 256 * 1024

/** Live events: one stream per open console. */
@Controller('console/v1/events')
export class EventsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'events:read', unverified: true })
  open(@Person() { tenantId }: Person, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const { raw } = reply
    const token = request.requestContext.token ?? ''
    const write = (text: string) => {
      if (raw.writableLength > UNSENT_BYTES_MAX) raw.destroy()
      else raw.write(text)
    }
    const remove = this.control.eventStreams.add(
      {
        ...{ tenantId, token, address: request.ip },
        send: ({ name, data }) => write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`),
        end: () => raw.end(),
      },
      Date.now(),
    )
    const beat = setInterval(() => {
      // An event and no comment: scripts see no comments, and must notice a stream that is dead.
      write('event: heartbeat\ndata: {}\n\n')
      isSessionAlive(this.control.prisma, token, Date.now()).then(
        (alive) => !alive && raw.end(),
        // The store is away; the next heartbeat checks again.
        () => undefined,
      )
    }, EVENT_HEARTBEAT_MS)
    raw.once('close', () => {
      clearInterval(beat)
      remove()
    })
    reply.hijack()
    raw.writeHead(200, { ...reply.getHeaders(), ...HEADERS } as Record<string, string>)
    // Opens the stream for the browser, and sets how soon it reconnects after a cut.
    write('retry: 2000\n\n')
  }
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}
