import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { chatBody } from '../inference/chat.schema.ts'
import { chatRequestOf } from '../inference/chat-request.ts'
import { completionBody, completionRequestOf, PRESET_FIELDS } from './completion.schema.ts'
import { completionStream, completionWhole } from './completion-writer.ts'
import { featuresOf } from '../../route/features.ts'
import { Gateway } from '../../gateway.ts'
import { openCall } from '../inference/open-call.ts'
import { chatStream, chatWhole } from './chat-writer.ts'
import { parse } from '../../http/parse.ts'
import { withPreset } from '../inference/preset.ts'

/** Chat and legacy text completions, streamed or whole. */
@Controller(['api/v1', 'v1'])
export class ChatController {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Post('chat/completions')
  @HttpCode(200)
  async chat(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const merged = await withPreset(this.gateway.stores.presets.cache, request, reply, null)
    const body = parse(chatBody, merged.body)
    const chat = chatRequestOf(body)
    const { progress, sink } = openCall(this.gateway, request, reply, body, {
      kind: 'chat',
      chat,
      features: featuresOf(chat),
      preset: merged.preset,
      stream: chatStream,
      whole: chatWhole,
    })
    await this.gateway.serveChat(progress, chat, sink)
  }

  @Post('completions')
  @HttpCode(200)
  async complete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const merged = await withPreset(this.gateway.stores.presets.cache, request, reply, PRESET_FIELDS)
    const body = parse(completionBody, merged.body)
    const chat = completionRequestOf(body)
    const { progress, sink } = openCall(this.gateway, request, reply, body, {
      kind: 'completion',
      chat,
      features: featuresOf(chat),
      preset: merged.preset,
      stream: completionStream,
      whole: completionWhole,
    })
    await this.gateway.serveChat(progress, chat, sink)
  }
}
