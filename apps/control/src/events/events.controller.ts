import { Controller, Get, Inject, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { isSessionAlive } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Control } from '../control.ts'
import { signedInOf } from '../edge.ts'

/** How often a quiet stream says that it lives, and asks whether its session does. */
const HEARTBEAT_MS = 15_000
/** A reader that is so far behind is gone; what it missed it reads from the lists when it comes back. */
const UNSENT_BYTES_MAX = 256 * 1024

/** What happens, as it happens: one stream per open console. */
@Controller('console/v1/events')
export class EventsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'events:read', unverified: true })
  open(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const { raw } = reply
    const token = request.visit.token ?? ''
    const write = (text: string) => {
      if (raw.writableLength > UNSENT_BYTES_MAX) raw.destroy()
      else raw.write(text)
    }
    const remove = this.control.live.add(
      {
        tenantId: signedInOf(request).tenantId,
        token,
        send: ({ name, data }) => write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`),
        end: () => raw.end(),
      },
      Date.now(),
    )
    const beat = setInterval(() => {
      write(': still here\n\n')
      isSessionAlive(this.control.prisma, token, Date.now()).then(
        (alive) => !alive && raw.end(),
        // Nobody could be asked; the next beat asks again.
        () => undefined,
      )
    }, HEARTBEAT_MS)
    raw.once('close', () => {
      clearInterval(beat)
      remove()
    })
    reply.hijack()
    raw.writeHead(200, { ...reply.getHeaders(), ...HEADERS } as Record<string, string>)
    // Tells the browser that the stream is open, and how soon to come back when it is cut.
    write('retry: 2000\n\n')
  }
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
}
