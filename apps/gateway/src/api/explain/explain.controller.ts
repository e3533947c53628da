import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { inferring, sendJson } from '../../http/edge.ts'
import { explainBody } from './explain.schema.ts'
import { Gateway } from '../../gateway.ts'
import { parse } from '../../http/parse.ts'
import { withPreset } from '../inference/preset.ts'

/** Where a request would go, and why, without sending it. */
@Controller(['api/v1', 'v1'])
export class ExplainController {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Post('route/explain')
  @HttpCode(200)
  async explain(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = inferring(request)
    const { body } = await withPreset(this.gateway.stores.presets.cache, request, reply, null)
    const data = this.gateway.explain(parse(explainBody, body), caller)
    sendJson(reply.header('cache-control', 'no-store'), { data })
  }
}
