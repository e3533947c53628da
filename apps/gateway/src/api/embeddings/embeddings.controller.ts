import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common'
import { shownName, usdString, type EmbeddingRequest } from '@turnpike/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { embeddingBody, embeddingRequestOf, featuresOf, PRESET_FIELDS } from './embeddings.schema.ts'
import { Gateway } from '../../gateway.ts'
import { openCall, type AnswerIdentity } from '../inference/open-call.ts'
import { Numeral } from '../../http/numeral.ts'
import { parse } from '../../http/parse.ts'
import { withPreset } from '../inference/preset.ts'
import type { WholeWriter } from '../inference/whole-sink.ts'
import type { VectorsAnswer } from '../../connect/upstream-embeddings.ts'

/** Vectors for texts. */
@Controller(['api/v1', 'v1'])
export class EmbeddingsController {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Post('embeddings')
  @HttpCode(200)
  async embed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { body: merged, preset } = await withPreset(this.gateway.stores.presets.cache, request, reply, PRESET_FIELDS)
    const body = parse(embeddingBody, merged)
    const embedding = embeddingRequestOf(body)
    const { progress, sink } = openCall(this.gateway, request, reply, body, {
      kind: 'embedding',
      chat: null,
      features: featuresOf(embedding),
      preset,
      whole: (identity) => vectorsWhole(identity, embedding),
    })
    await this.gateway.serveEmbeddings(progress, embedding, sink)
  }
}

/** Writes one body of vectors. */
function vectorsWhole(identity: AnswerIdentity, { encodingFormat }: EmbeddingRequest): WholeWriter<VectorsAnswer> {
  return ({ vectors, target }, _deltas, { usage, cost, upstreamCost, isOwn }) => ({
    object: 'list',
    data: vectors.map((embedding, index) => ({
      object: 'embedding',
      index,
      embedding: encodingFormat === 'base64' ? packed(embedding) : embedding,
    })),
    model: target.endpoint.model,
    provider: shownName(target.provider),
    usage: {
      prompt_tokens: usage.promptTokens,
      total_tokens: usage.promptTokens,
      cost: new Numeral(usdString(cost)),
      is_byok: isOwn,
      cost_details: { upstream_inference_cost: new Numeral(usdString(upstreamCost)) },
    },
    ...identity.extraFields?.(null),
  })
}

/** Little-endian 32-bit floats, as OpenAI's clients unpack them; vectors packed already stay. */
function packed(vector: readonly number[] | string): string {
  return typeof vector === 'string' ? vector : Buffer.from(new Float32Array(vector).buffer).toString('base64')
}
