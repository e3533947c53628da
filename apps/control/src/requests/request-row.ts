import type { BillLine, RequestDetail as DetailAnswer, RequestRow } from '@turnpike/contract'
import { generationId, type Decision, type TenantId } from '@turnpike/domain'
import { keyNames, type PrismaClient, type RequestDetail, type RequestSummary } from '@turnpike/store'

/** Finished requests as the console's lists show them. */
export async function rowsOf(
  prisma: PrismaClient,
  tenantId: TenantId,
  requests: readonly RequestSummary[],
): Promise<RequestRow[]> {
  const names = await keyNames(prisma, tenantId, [...new Set(requests.map(({ keyId }) => keyId))])
  return requests.map((request) => rowOf(request, names))
}

function rowOf(request: RequestSummary, names: ReadonlyMap<string, string>): RequestRow {
  const {
    model,
    requestedModel,
    countedModel,
    provider,
    owner,
    keyId,
    status,
    fault,
    outcome,
    diagnosis,
    streamed,
    usage,
    totalMs,
  } = request
  return {
    id: generationId(request.requestId),
    beganAt: new Date(request.beganAtMs).toISOString(),
    model,
    requestedModel,
    countedModel,
    provider,
    ownId: owner,
    keyId,
    status,
    fault,
    outcome,
    diagnosis,
    streamed,
    totalMs,
    keyName: names.get(keyId) ?? null,
    promptTokens: usage.promptTokens,
    completionTokens: usage.completionTokens,
    cacheReadTokens: usage.cacheReadTokens,
    reasoningTokens: usage.reasoningTokens,
    costNano: String(request.costNanoUsd),
    firstTokenMs: request.firstTokenMs,
    attempts: request.attemptCount,
  }
}

/** The same with every attempt, the decision and the bill. */
export function detailOf(
  request: RequestDetail,
  names: ReadonlyMap<string, string>,
  bill: readonly BillLine[],
): DetailAnswer {
  const { finishReason, nativeFinish, endUser, priceVersion, owner, upstreamCostNanoUsd, attempts, decision } = request
  return {
    ...rowOf(request, names),
    finishReason,
    nativeFinish,
    endUser,
    priceVersion,
    providerCostNano: owner === null ? null : String(upstreamCostNanoUsd),
    attemptList: attempts.map(({ usageWarnings, ...attempt }) => ({
      ...attempt,
      ...(usageWarnings && { usageWarnings: [...usageWarnings] }),
    })),
    decision: decision && decisionOf(decision),
    bill: [...bill],
  }
}

export function decisionOf(decision: Decision): NonNullable<DetailAnswer['decision']> {
  const { objective, policies, sticky, readToEnd = false, catalogueVersion, draw } = decision
  return {
    objective,
    policies: [...policies],
    sticky,
    readToEnd,
    catalogueVersion,
    draw,
    candidates: decision.candidates.map(
      ({ expectedNano, weight = null, slow = false, spread = false, assumed = [], ...figures }) => ({
        ...figures,
        expectedNano: String(expectedNano),
        weight,
        slow,
        spread,
        assumed: [...assumed],
      }),
    ),
    removed: [...decision.removed],
    targets: [...decision.targets],
    fallbacks: [...decision.fallbacks],
  }
}
