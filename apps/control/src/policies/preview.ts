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
import { refusal, unknownWord, type Problem } from './problems.ts'
import { callerUnder, draftOf, NOTHING_OWN } from './coverage.ts'
import { warningsOf } from './warnings.ts'

/** What a preview stands on. */
export interface PreviewWorld {
  readonly catalogue: Catalogue
  /** What the organisation brings along; absent: nothing. */
  readonly own?: Own
  /** Policies of the organisation and the workspace, the widest first. */
  readonly layers: readonly PolicyLayer[]
  readonly funds: Caller['funds']
  /** Figures of the last minutes. What has none is judged as an endpoint that nobody knows yet. */
  readonly health: ReadonlyMap<TargetId, Health>
  /** Unix milliseconds. */
  readonly nowMs: number
}

/**
 * What the router would do with a sample request under a draft, as a live key of the workspace would have it. Every provider that has
 * an address, or a stand-in, is taken to be reachable: the gateways alone hold the house's credentials, so that stage `credential` is
 * told only of those that nobody can reach, and of stand-ins where nobody needs one.
 * Throws Fault `request_invalid` for models and names that the catalogue does not know.
 */
export function previewOf({ document, sample, policyId }: PolicyPreviewQuestion, world: PreviewWorld): PolicyPreview {
  const { catalogue, nowMs, own = NOTHING_OWN } = world
  refuseUnknown(sample, wordsOf(catalogue, own))
  const request = {
    models: sample.models as ModelSlug[],
    promptTokens: sample.promptTokens,
    maxTokens: sample.maxTokens,
    parameters: sample.parameters,
    preferences: {},
  }
  const policies = layersAround(draftOf(document), policyId, world.layers)
  const snapshot = {
    catalogue,
    reachable: addressed(catalogue),
    health: withDown(world, sample.down, own),
    wallMs: sample.at === undefined ? nowMs : Date.parse(sample.at),
    warm: null,
  }
  // Every draw begins with the likeliest, which is what 0 falls on.
  const decision = route(request, callerUnder(policies, world.funds, own), snapshot, nowMs, sample.draw ?? 0)
  const { objective, removed, targets, fallbacks, candidates } = decisionOf(decision)
  const chanceOf = chancesOf(decision)
  const barren = unsatisfiableState(document, catalogue, own)
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
      ...(barren ? [{ code: 'no_endpoint', message: barren.problem.message }] : []),
      ...warningsOf(document, catalogue, own),
    ],
  }
}

/** Providers that can be reached by anybody. */
function addressed({ providers }: Catalogue): Set<ProviderSlug> {
  return new Set(
    [...providers.values()].flatMap(({ slug, simulated, baseUrl }) => (simulated || baseUrl ? [slug] : [])),
  )
}

function refuseUnknown({ models, down }: PolicyPreviewQuestion['sample'], known: Words): void {
  const problems: Problem[] = [
    ...models.flatMap((slug, i) =>
      known.models.has(slug)
        ? []
        : [{ path: ['sample', 'models', i], message: unknownWord('model', slug, known.models) }],
    ),
    ...unknownSlugs(down, ['sample', 'down'], known),
  ]
  if (problems.length > 0) throw refusal(problems)
}

/** The draft innermost, as on a key; or, where its earlier version is a wider layer, in the place of that. */
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
  { catalogue, health, nowMs }: PreviewWorld,
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

/** Each endpoint's chance to be drawn first for its model. The router weighs only those that can be; where it draws, others have none. */
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
