import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common'
import type { ChatRequest } from '@turnpike/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer } from '../../call/answer.ts'
import { chatBody } from '../inference/chat.schema.ts'
import { chatRequestOf } from '../inference/chat-request.ts'
import { completionBody, completionRequestOf, PRESET_FIELDS } from './completion.schema.ts'
import { completionStream, completionWhole } from './completion-writer.ts'
import { featuresOf } from '../../route/features.ts'
import { Gateway } from '../../gateway.ts'
import { openCall, type InboundRequest } from '../inference/open-call.ts'
import { chatStream, chatWhole } from './chat-writer.ts'
import { parse } from '../../http/parse.ts'
import type { RoutingBody } from '../inference/routing.schema.ts'
import { withPreset } from '../inference/preset.ts'

/** Chat and legacy text completions, streamed or whole. */
@Controller(['api/v1', 'v1'])
export class ChatController {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Post('chat/completions')
  @HttpCode(200)
  async chat(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { body: merged, preset } = await withPreset(this.gateway.stores.presets.cache, request, reply, null)
    const body = parse(chatBody, merged)
    const writers = { kind: 'chat', stream: chatStream, whole: chatWhole } as const
    await this.#serve(request, reply, body, { chat: chatRequestOf(body), preset, ...writers })
  }

  @Post('completions')
  @HttpCode(200)
  async complete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { body: merged, preset } = await withPreset(this.gateway.stores.presets.cache, request, reply, PRESET_FIELDS)
    const body = parse(completionBody, merged)
    const writers = { kind: 'completion', stream: completionStream, whole: completionWhole } as const
    await this.#serve(request, reply, body, { chat: completionRequestOf(body), preset, ...writers })
  }

  #serve(request: FastifyRequest, reply: FastifyReply, body: RoutingBody, inbound: InboundChat): Promise<void> {
    const features = featuresOf(inbound.chat)
    const { progress, sink } = openCall(this.gateway, request, reply, body, { ...inbound, features })
    return this.gateway.serveChat(progress, inbound.chat, sink)
  }
}

type InboundChat = Omit<InboundRequest<Answer>, 'features'> & { readonly chat: ChatRequest }
