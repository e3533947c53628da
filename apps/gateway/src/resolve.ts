import { Fault, route, type Catalogue, type Decision, type Model, type ModelSlug, type Stage } from '@turnpike/domain'
import type { Call, Routed } from './call.ts'
import type { HealthBook } from './health-book.ts'
import type { Reach } from './target.ts'

/**
 * Routes a call. Throws 400 for a model that does not exist or is of another kind; a decision without targets is the
 * caller's to refuse, with `excluded`, once it is recorded.
 * @param nowMs the clock of the health figures @param dice uniform in [0, 1)
 */
export function resolve(call: Call, reach: Reach, health: HealthBook, nowMs: number, dice: number): Routed {
  for (const slug of call.route.models) refuseUnfit(slug, call, reach.catalogue)
  const snapshot = { catalogue: reach.catalogue, reachable: reach.reachable, health: health.pages }
  return { call, reach, decision: route(call.route, call.caller, snapshot, nowMs, dice) }
}

function refuseUnfit(slug: ModelSlug, call: Call, catalogue: Catalogue): void {
  const model = catalogue.models.get(slug)
  if (!model) throw unknownModel(slug, catalogue)
  const wanted = call.kind === 'embedding' ? 'embeddings' : 'text'
  if (!model.outputModalities.includes(wanted)) {
    const right = wanted === 'text' ? '/embeddings' : '/chat/completions'
    throw new Fault('request_invalid', `${slug} does not answer on this route. Use ${right}.`, {
      param: 'model',
      metadata: { availability: { code: 'wrong_endpoint', retryable: false } },
    })
  }
}

/** Names close to a typing mistake are worth more than the whole list. */
const SUGGESTIONS_MAX = 3

function unknownModel(slug: string, catalogue: Catalogue): Fault {
  const nearest = [...catalogue.models.values()]
    .map((model: Model) => ({ slug: model.slug, distance: distance(slug.toLowerCase(), model.slug.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= Math.max(slug.length, candidate.slug.length) / 2)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS_MAX)
    .map((candidate) => candidate.slug)
  const hint =
    nearest.length > 0 ? ` Did you mean ${nearest.join(' or ')}?` : ' GET /api/v1/models lists what there is.'
  return new Fault('model_unknown', `There is no model ${slug.slice(0, 100)}.${hint}`, {
    param: 'model',
    metadata: {
      availability: {
        code: 'model_not_found',
        retryable: false,
        requested_models: [slug.slice(0, 100)],
        fallback_models: nearest,
      },
    },
  })
}

/** Only names up to this length are compared; a longer one is no typing mistake. */
const COMPARED_LENGTH_MAX = 80

/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  if (a.length > COMPARED_LENGTH_MAX || b.length > COMPARED_LENGTH_MAX) return Number.MAX_SAFE_INTEGER
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** Stages in the words of OpenRouter's `excluded_by`, and in ours for people. */
const EXCLUDED = {
  credential: ['credential', 'no account at the provider'],
  funds: ['funds', 'simulated credit and test keys buy simulated endpoints only'],
  price_unknown: ['price_unknown', 'its price is not known'],
  allow: ['allowed_providers', 'not among the allowed providers'],
  deny: ['ignored_providers', 'among the denied providers'],
  retention: ['data_policy:training', 'may keep or train on prompts'],
  parameters: ['require_parameters', 'does not support what the request uses'],
  context: ['context_length', 'prompt or answer too long for it'],
  max_price: ['max_price', 'dearer than the highest price allowed'],
} as const satisfies Record<Stage, readonly [string, string]>

/** 404 with what removed each endpoint. */
export function excluded(decision: Decision): Fault {
  const stages = [...new Set(decision.removed.map((removed) => removed.stage))]
  const reasons = stages.map((stage) => EXCLUDED[stage][1]).join('; ')
  return new Fault(
    'endpoints_excluded',
    `No endpoint is left for this request: ${reasons || 'nobody serves the model'}.`,
    {
      metadata: {
        availability: {
          code: 'no_endpoints',
          retryable: false,
          excluded_by: stages.map((stage) => EXCLUDED[stage][0]),
        },
        removed: decision.removed.map(({ endpoint, stage }) => ({ endpoint, stage })),
      },
    },
  )
}
