import type { PolicyPreview, PolicyPreviewQuestion } from '@turnpike/contract'
import {
  covers,
  openPolicy,
  ownTargets,
  route,
  UNKNOWN_HEALTH,
  type Caller,
  type Catalogue,
  type Decision,
  type Health,
  type ModelSlug,
  type Own,
  type ProviderSlug,
  type TargetId,
  type VersionedPolicy,
} from '@turnpike/domain'
import type { PolicyLayer } from '@turnpike/store'
import { decisionOf } from '../requests/request-row.ts'
import { unknownSlugs, wordsOf, type Words } from './check-document.ts'
import { unsatisfiableState } from './unsatisfiable.ts'
import { refusal, unknownWords } from './problems.ts'
import { callerUnder, draftOf, NOTHING_OWN } from './coverage.ts'
import { warningsOf } from './warnings.ts'

/** What a preview routes with. */
export interface PreviewContext {
  readonly catalogue: Catalogue
  /** BYOK resources of the organisation; absent: none. */
  readonly own?: Own
  /** Policies of the organisation and the workspace, the widest first. */
  readonly layers: readonly PolicyLayer[]
  readonly funds: Caller['funds']
  /** Figures of the last minutes. A target without figures counts as new. */
  readonly health: ReadonlyMap<TargetId, Health>
  /** Unix milliseconds. */
  readonly nowMs: number
}

/**
 * The route of a sample request under a draft, for a live key of the workspace. Only gateways know the credentials of the operator
 * accounts, so stage `credential` removes only providers without an address, and simulated ones of models that a real one serves.
 * Throws Fault `request_invalid` for unknown names.
 */
export function previewOf(
  { document, sample, policyId }: PolicyPreviewQuestion,
  context: PreviewContext,
): PolicyPreview {
  const { catalogue, nowMs, own = NOTHING_OWN } = context
  refuseUnknown(sample, wordsOf(catalogue, own))
  const request = {
    models: sample.models as ModelSlug[],
    promptTokens: sample.promptTokens,
    maxTokens: sample.maxTokens,
    parameters: sample.parameters,
    preferences: {},
  }
  const policies = layersAround(draftOf(document), policyId, context.layers)
  const snapshot = {
    catalogue,
    reachable: addressed(catalogue),
    health: withDown(context, sample.down, own),
    wallMs: sample.at === undefined ? nowMs : Date.parse(sample.at),
    warm: null,
  }
  // A draw of 0 falls on the most likely target.
  const decision = route(request, callerUnder(policies, context.funds, own), snapshot, nowMs, sample.draw ?? 0)
  const { objective, removed, targets, fallbacks, candidates } = decisionOf(decision)
  const chanceOf = chancesOf(decision)
  const unsatisfiable = unsatisfiableState(document, catalogue, own)
  return {
    objective,
    window: decision.policies[policies.findIndex(({ version }) => version === 0)]?.window ?? null,
    candidates: candidates.map((row) => ({ ...row, weight: chanceOf(row.endpoint) })),
    removed,
    targets,
    fallbacks,
    total: candidates.length + removed.length,
    removedByStage: countsOf(removed.map(({ stage }) => stage)),
    warnings: [
      ...(unsatisfiable ? [{ code: 'no_endpoint', message: unsatisfiable.problem.message }] : []),
      ...warningsOf(document, catalogue, own),
    ],
  }
}

/** Counted as reachable. */
function addressed({ providers }: Catalogue): Set<ProviderSlug> {
  return new Set(
    [...providers.values()].flatMap(({ slug, simulated, baseUrl }) => (simulated || baseUrl ? [slug] : [])),
  )
}

function refuseUnknown({ models, down }: PolicyPreviewQuestion['sample'], known: Words): void {
  const problems = [
    ...unknownWords('model', models, ['sample', 'models'], known.models),
    ...unknownSlugs(down, ['sample', 'down'], known),
  ]
  if (problems.length > 0) throw refusal(problems)
}

/** The draft replaces its earlier version, or else is the innermost layer, as on a key. */
function layersAround(
  draft: VersionedPolicy,
  policyId: string | undefined,
  layers: readonly PolicyLayer[],
): VersionedPolicy[] {
  const isWide = layers.some(({ id }) => id === policyId)
  const wide = layers.map(({ id, version, document }) =>
    id === policyId ? draft : { id, version, policy: openPolicy(document) },
  )
  return isWide ? wide : [...wide, draft]
}

function withDown(
  { catalogue, health, nowMs }: PreviewContext,
  down: readonly string[],
  own: Own,
): ReadonlyMap<TargetId, Health> {
  if (down.length === 0) return health
  const all = new Map(health)
  const ids: TargetId[] = [...catalogue.endpointsOf.values()].flat().map(({ id }) => id)
  for (const id of [...ids, ...ownTargets(own, catalogue)]) {
    if (!down.some((slug) => covers(slug, id))) continue
    all.set(id, { ...(all.get(id) ?? UNKNOWN_HEALTH), downUntilMs: nowMs + 1 })
  }
  return all
}

/** The probability to be drawn first for its model: 0 without a weight, null for a model without a draw. */
function chancesOf({ candidates }: Decision): (endpoint: string) => number | null {
  const totals = new Map<ModelSlug, number>()
  for (const { model, weight } of candidates) {
    if (weight !== undefined) totals.set(model, (totals.get(model) ?? 0) + weight)
  }
  const chances = new Map<string, number>()
  for (const { endpoint, model, weight = 0 } of candidates) {
    const total = totals.get(model)
    if (total !== undefined) chances.set(endpoint, total > 0 ? weight / total : 0)
  }
  return (endpoint) => chances.get(endpoint) ?? null
}

function countsOf(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
