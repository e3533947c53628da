import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common'
import { shownName, usdString, type EmbeddingRequest } from '@turnpike/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { present } from '../inference/chat-request.ts'
import { Gateway } from '../../gateway.ts'
import { beginCall, sendWhole } from '../inference/open-call.ts'
import { Numeral } from '../../http/numeral.ts'
import { parse } from '../../http/parse.ts'
import { withPreset } from '../inference/preset.ts'
import { metadataMember } from '../inference/router-metadata.ts'
import { routingFields } from '../inference/routing.schema.ts'

const tokens = z.array(z.number().int().min(0))
/** Inputs of one request at most, as OpenAI has it. */
const INPUTS_MAX = 2_048

const embeddingBody = z.looseObject({
  ...routingFields,
  input: z.union([
    z.string().min(1),
    tokens.min(1),
    z.array(z.string().min(1)).min(1).max(INPUTS_MAX),
    z.array(tokens.min(1)).min(1).max(INPUTS_MAX),
  ]),
  dimensions: z.number().int().min(1).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  user: z.string().max(512).nullish(),
})

/** What a preset may fill: who answers. */
const PRESET_FIELDS: ReadonlySet<string> = new Set(
  Object.keys(embeddingBody.shape).filter((field) => field !== 'input'),
)

/** Vectors for texts. */
@Controller(['api/v1', 'v1'])
export class EmbeddingsController {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Post('embeddings')
  @HttpCode(200)
  async embed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { body: asking, preset } = await withPreset(this.gateway.stores.presets.cache, request, reply, PRESET_FIELDS)
    const body = parse(embeddingBody, asking)
    const asked = embeddingRequestOf(body)
    const call = beginCall(this.gateway, request, reply, body, {
      kind: 'embedding',
      features: featuresOf(asked),
      preset,
    })
    const { answer, target, settled } = await this.gateway.embed(call, asked)
    sendWhole(reply, call, {
      object: 'list',
      data: answer.vectors.map((embedding, index) => ({
        object: 'embedding',
        index,
        embedding: asked.encodingFormat === 'base64' ? packed(embedding) : embedding,
      })),
      model: target.endpoint.model,
      provider: shownName(target.provider),
      usage: {
        prompt_tokens: settled.usage.promptTokens,
        total_tokens: settled.usage.promptTokens,
        cost: new Numeral(usdString(settled.cost)),
        is_byok: settled.isOwn,
        cost_details: { upstream_inference_cost: new Numeral(usdString(settled.upstreamCost)) },
      },
      ...metadataMember(call),
    })
  }
}

/** Little-endian 32-bit floats, as OpenAI's clients unpack them; providers that pack by themselves are left alone. */
function packed(vector: readonly number[] | string): string {
  return typeof vector === 'string' ? vector : Buffer.from(new Float32Array(vector).buffer).toString('base64')
}

function embeddingRequestOf(body: z.infer<typeof embeddingBody>): EmbeddingRequest {
  const input = typeof body.input === 'string' ? [body.input] : body.input
  const single = Array.isArray(input) && typeof input[0] === 'number'
  return {
    input: (single ? [input] : input) as EmbeddingRequest['input'],
    extra: {},
    ...present({ dimensions: body.dimensions, encodingFormat: body.encoding_format, user: body.user }),
  }
}

const BYTES_PER_TOKEN = 4

function featuresOf(asked: EmbeddingRequest) {
  const promptTokens = asked.input.reduce(
    (sum, item) => sum + (typeof item === 'string' ? Math.ceil(item.length / BYTES_PER_TOKEN) : item.length),
    0,
  )
  return { promptTokens, maxTokens: null, parameters: asked.dimensions ? ['dimensions'] : [] }
}
