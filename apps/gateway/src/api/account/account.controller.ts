import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common'
import { Fault, generationId, ownerOf, parseRequestId, usdString } from '@turnpike/domain'
import type { KeyUsage } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { decisionBody } from '../inference/decision.ts'
import { callerOf, inferring, sendJson } from '../../http/edge.ts'
import { Gateway } from '../../gateway.ts'
import { invalid } from '../../http/parse.ts'
import { Numeral } from '../../http/numeral.ts'

/** What a key may ask about itself and its requests. */
@Controller(['api/v1', 'v1'])
export class AccountController {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Get('key')
  async key(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = callerOf(request)
    const { credits, own } = await this.gateway.stores.keyUsage(caller.tenantId, caller.keyId, Date.now())
    sendJson(reply.header('cache-control', 'no-store'), {
      data: {
        label: caller.keyName,
        limit: null,
        limit_remaining: null,
        limit_reset: null,
        include_byok_in_limit: false,
        ...usageFields('usage', credits),
        ...usageFields('byok_usage', own),
        is_free_tier: caller.funds === 'simulated',
        is_management_key: caller.kind === 'mgmt',
        is_provisioning_key: caller.kind === 'mgmt',
        is_test_key: caller.kind === 'test',
        expires_at: caller.expiresAtMs === null ? null : new Date(caller.expiresAtMs).toISOString(),
        rate_limit: { requests: -1, interval: '10s', note: 'This field is deprecated and carries no limit.' },
      },
    })
  }

  @Get('generation')
  async generation(
    @Query('id') id: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const caller = inferring(request)
    const requestId = typeof id === 'string' ? parseRequestId(id) : null
    if (!requestId) throw invalid('id', 'id must be a generation id, as in the header x-generation-id.')
    const record = await this.gateway.findRequest(caller.tenantId, requestId)
    if (!record) throw new Fault('object_unknown', 'There is no such generation.')
    sendJson(reply.header('cache-control', 'no-store'), { data: generationBody(record) })
  }
}

function usageFields(name: string, { total, today, week, month }: KeyUsage['own']) {
  return {
    [name]: dollars(total),
    [`${name}_daily`]: dollars(today),
    [`${name}_weekly`]: dollars(week),
    [`${name}_monthly`]: dollars(month),
  }
}

type Finished = NonNullable<Awaited<ReturnType<Gateway['findRequest']>>>

function generationBody(record: Finished) {
  return {
    id: generationId(record.requestId),
    request_id: `req-${record.requestId}`,
    created_at: new Date(record.beganAtMs).toISOString(),
    model: record.model ?? record.requestedModel,
    requested_model: record.requestedModel,
    provider_name: record.provider,
    api_type: record.kind,
    streamed: record.streamed,
    outcome: record.outcome,
    cancelled: record.cancelled,
    finish_reason: record.finishReason,
    native_finish_reason: record.nativeFinish,
    latency: record.firstTokenMs ?? record.totalMs,
    generation_time: record.totalMs,
    tokens_prompt: record.usage.promptTokens,
    tokens_completion: record.usage.completionTokens,
    native_tokens_prompt: record.usage.promptTokens,
    native_tokens_completion: record.usage.completionTokens,
    native_tokens_reasoning: record.usage.reasoningTokens,
    native_tokens_cached: record.usage.cacheReadTokens,
    total_cost: dollars(record.costNanoUsd),
    usage: dollars(record.costNanoUsd),
    upstream_inference_cost: dollars(record.upstreamCostNanoUsd),
    is_byok: record.owner !== null,
    preset_id: record.preset?.id ?? null,
    preset_version: record.preset?.version ?? null,
    external_user: record.endUser,
    status: record.status,
    error_code: record.fault,
    provider_responses: record.attempts.map((attempt) => ({
      endpoint_id: attempt.endpoint,
      provider_name: attempt.provider,
      model_permaslug: attempt.model,
      is_byok: ownerOf(attempt.endpoint) !== null,
      status: attempt.status,
      outcome: attempt.outcome,
      error_code: attempt.fault,
      start: attempt.startMs,
      latency: attempt.firstTokenMs === null ? null : attempt.firstTokenMs - attempt.startMs,
      duration: attempt.endMs - attempt.startMs,
      usage_warnings: attempt.usageWarnings ?? [],
    })),
    decision: record.decision && decisionBody(record.decision),
  }
}

function dollars(amount: bigint): Numeral {
  return new Numeral(usdString(amount))
}
