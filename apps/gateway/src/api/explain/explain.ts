import {
  covers,
  Fault,
  nearest,
  ownTargets,
  route,
  UNKNOWN_HEALTH,
  type Caller,
  type Catalogue,
  type Decision,
  type Health,
  type HealthView,
  type RouteRequest,
  type RoutingSnapshot,
  type TargetId,
} from '@turnpike/domain'
import { conversationOf } from '../inference/conversation.ts'
import { chatRequestOf } from '../inference/chat-request.ts'
import { candidateBody, decisionBody } from '../inference/decision.ts'
import type { ExplainBody } from './explain.schema.ts'
import { featuresOf } from '../../route/features.ts'
import { countByStage, EXCLUDED } from '../../route/excluded.ts'
import { resolveRequest, type RoutingContext } from '../../route/resolve.ts'
import { modelsOf, preferencesOf } from '../inference/routing.schema.ts'

/**
 * The route that a request would take: now, at another time, or with some providers down. No provider is called, nothing is recorded and
 * nothing costs anything. No possible target is an answer, not an error. Throws 400 for unknown names of models, providers or endpoints.
 * @param nowMs clock of the health figures @param wallMs Unix milliseconds
 */
export function explain(body: ExplainBody, caller: Caller, context: RoutingContext, nowMs: number, wallMs: number) {
  const { catalogue, reachable } = context.directory
  const chat = chatRequestOf({ ...body, messages: body.messages ?? [] })
  const features = featuresOf(chat)
  const health = withDown(context.health, body.assume_down ?? [], catalogue, caller)
  const atMs = body.at ? Date.parse(body.at) : wallMs
  const snapshot: RoutingSnapshot = { catalogue, reachable, health, wallMs: atMs, warm: null }
  const requested: RouteRequest = {
    models: modelsOf(body),
    ...features,
    promptTokens: body.prompt_tokens ?? features.promptTokens,
    preferences: preferencesOf(body),
  }
  const { routeRequest: resolved } = resolveRequest(requested, caller, snapshot, chat.messages, nowMs)
  const conversation = conversationOf(body, {}, chat.messages)
  const warm = context.affinity.warm({ caller, conversation, routeRequest: resolved })
  const decide = (dice: number) => route(resolved, caller, { ...snapshot, warm }, nowMs, dice)
  const chances = chancesOf(decide)
  return explanation(decide(body.draw ?? chances.typicalDraw), resolved, chances.of)
}

function explanation(decision: Decision, { models }: RouteRequest, chanceOf: (endpoint: TargetId) => number) {
  const { objective, policies, window, sticky, draw, targets, fallbacks } = decisionBody(decision)
  return {
    objective,
    policies,
    window,
    sticky,
    models,
    draw,
    candidates: decision.candidates.map((candidate) => ({
      ...candidateBody(candidate),
      chance: chanceOf(candidate.endpoint),
    })),
    removed: decision.removed.map(({ endpoint, stage }) => ({ endpoint, stage, reason: EXCLUDED[stage][1] })),
    targets,
    fallbacks,
    total: decision.candidates.length + decision.removed.length,
    summary: summaryOf(decision, chanceOf),
  }
}

/** Health with some of it down for good. Throws 400 for a name that the caller does not have. */
function withDown(health: HealthView, down: readonly string[], catalogue: Catalogue, { own }: Caller): HealthView {
  if (down.length === 0) return health
  const ids = [...catalogue.endpointsOf.values()].flatMap((endpoints) => endpoints.map(({ id }) => id))
  const all: TargetId[] = own ? [...ids, ...ownTargets(own, catalogue)] : ids
  const changed = new Map<TargetId, Health>()
  down.forEach((slug, place) => {
    const covered = all.filter((id) => covers(slug, id))
    if (covered.length === 0) {
      const mine = (own?.endpoints ?? []).map(({ provider }) => provider.slug)
      throw unknownSlug(slug, place, [...catalogue.providers.keys(), ...mine, ...ids])
    }
    for (const id of covered) changed.set(id, { ...(health.get(id) ?? UNKNOWN_HEALTH), downUntilMs: Infinity })
  })
  return { get: (id) => changed.get(id) ?? health.get(id) }
}

function unknownSlug(slug: string, place: number, known: readonly string[]): Fault {
  const close = nearest(slug, known)
  const hint = close.length > 0 ? `Did you mean ${close.join(' or ')}?` : 'GET /api/v1/providers lists what there is.'
  return new Fault('request_invalid', `There is no provider or endpoint ${slug}. ${hint}`, {
    param: `assume_down[${place}]`,
  })
}

/** Draws of one explanation. Judging an endpoint takes about a microsecond, for which other requests wait. */
const DRAWS_MAX = 200
const DRAWS_MIN = 20
const JUDGEMENTS_MAX = 4_000

/** How often each endpoint goes first over evenly spread dice, and dice for which the likeliest does. */
function chancesOf(decide: (dice: number) => Decision) {
  const count = decide(0).candidates.length
  const draws = count > 1 ? Math.min(DRAWS_MAX, Math.max(DRAWS_MIN, Math.floor(JUDGEMENTS_MAX / count))) : 1
  const firsts = new Map<TargetId, { times: number; readonly draw: number }>()
  for (let i = 0; i < draws; i++) {
    const draw = (i + 0.5) / draws
    const [first] = decide(draw).targets
    const seen = first && firsts.get(first)
    if (seen) seen.times++
    else if (first) firsts.set(first, { times: 1, draw })
  }
  const [likeliest] = [...firsts.values()].toSorted((a, b) => b.times - a.times)
  return {
    of: (endpoint: TargetId) => (firsts.get(endpoint)?.times ?? 0) / draws,
    typicalDraw: likeliest?.draw ?? 0,
  }
}

function summaryOf(decision: Decision, chanceOf: (endpoint: TargetId) => number): string {
  const [first] = decision.targets
  const counts = [...countByStage(decision)].map(([stage, count]) => `${count} by ${stage}`).join(', ')
  const removed = counts === '' ? 'Nothing is removed.' : `Removed: ${counts}.`
  if (first === undefined) return `No endpoint is left. ${removed}`
  const others = decision.targets.length + decision.fallbacks.length - 1
  const chance = Math.round(chanceOf(first) * 100)
  return `${decision.objective}: ${first} is asked first (chance ${chance} %), then up to ${others} more. ${removed}`
}
