import { POLICY_BYTES_MAX, type PolicyDocument } from '@turnpike/contract'
import { endpointOf, indexOf, isZone, ownTargets, type Catalogue, type Own, type TargetId } from '@turnpike/domain'
import type { Problem } from '../parse.ts'
import { unknownWord, unknownWords } from './problems.ts'
import { NOTHING_OWN } from './coverage.ts'

/** What a schema cannot see. Paths begin at the document. */
export function problemsIn(document: PolicyDocument, catalogue: Catalogue, own = NOTHING_OWN): Problem[] {
  const bytes = Buffer.byteLength(JSON.stringify(document))
  if (bytes > POLICY_BYTES_MAX) {
    return [{ path: [], message: `A policy has at most ${POLICY_BYTES_MAX / 1024} KiB; this one has ${bytes} bytes.` }]
  }
  const known = wordsOf(catalogue, own)
  const windows = document.schedule ?? []
  return [
    ...unknownSlugs(document.only, ['only'], known),
    ...unknownSlugs(document.ignore, ['ignore'], known),
    ...unknownSlugs(document.order, ['order'], known),
    ...unknownShares(document.shares, ['shares'], known),
    ...unknownWords('model', document.model_fallback?.models ?? [], ['model_fallback', 'models'], known.models),
    ...unknownWords('parameter', document.required_parameters ?? [], ['required_parameters'], known.parameters),
    ...objectiveAlone(document, []),
    ...windows.flatMap((window, i) => [
      ...unknownSlugs(window.order, ['schedule', i, 'order'], known),
      ...unknownShares(window.shares, ['schedule', i, 'shares'], known),
      ...(replacesRanking(window) ? objectiveAlone({ ...document, ...window }, ['schedule', i]) : []),
      ...unknownZone(window.zone, ['schedule', i, 'zone']),
    ]),
  ]
}

/** Names in the catalogue and the BYOK resources of the organisation. */
export interface Words {
  readonly providers: ReadonlySet<string>
  readonly endpoints: ReadonlySet<string>
  /** Accounts of the organisation's own, at each endpoint. */
  readonly targets: ReadonlySet<string>
  readonly models: ReadonlySet<string>
  readonly parameters: ReadonlySet<string>
}

export function wordsOf(catalogue: Catalogue, own: Own): Words {
  const mine = own.endpoints
  const endpoints = [...[...catalogue.endpointsOf.values()].flat(), ...mine.map(({ endpoint }) => endpoint)]
  return {
    providers: new Set([...catalogue.providers.keys(), ...mine.map(({ provider }) => provider.slug)]),
    endpoints: new Set(endpoints.map(({ id }) => id)),
    targets: new Set(ownTargets(own, catalogue)),
    models: new Set([...catalogue.models.keys(), ...indexOf(own).models.keys()]),
    parameters: new Set(endpoints.flatMap(({ supportedParameters }) => supportedParameters)),
  }
}

/** Slugs name providers, endpoints, or one account at an endpoint. @param path of the list */
export function unknownSlugs(slugs: readonly string[] | undefined, path: Problem['path'], known: Words): Problem[] {
  return (slugs ?? []).flatMap((slug, i) => unknownSlug(slug, [...path, i], known))
}

function unknownShares(shares: PolicyDocument['shares'], path: Problem['path'], known: Words): Problem[] {
  return Object.keys(shares ?? {}).flatMap((slug) => unknownSlug(slug, [...path, slug], known))
}

function unknownSlug(slug: string, path: Problem['path'], { providers, endpoints, targets }: Words): Problem[] {
  if (providers.has(slug) || endpoints.has(slug) || targets.has(slug)) return []
  if (slug.includes('#')) return [{ path, message: unknownAccount(slug as TargetId, targets) }]
  const message = slug.includes('/')
    ? unknownWord('endpoint', slug, endpoints)
    : unknownWord('provider', slug, providers)
  return [{ path, message }]
}

/** Suggests those at the same endpoint: ids of accounts do not resemble each other. */
function unknownAccount(target: TargetId, targets: ReadonlySet<string>): string {
  const there = [...targets].filter((known) => endpointOf(known as TargetId) === endpointOf(target))
  const hint = there.length > 0 ? ` There are ${there.join(', ')}.` : ''
  return `No account of your organisation is “${target.slice(0, 200)}”.${hint}`
}

type Ranking = Pick<PolicyDocument, 'objective' | 'order' | 'shares'>

function replacesRanking({ objective, order, shares }: Ranking): boolean {
  return objective !== undefined || order !== undefined || shares !== undefined
}

/** Without an order or shares both would be another objective in disguise. */
function objectiveAlone({ objective, order, shares }: Ranking, path: Problem['path']): Problem[] {
  if (objective === 'pinned' && (order ?? []).length === 0) {
    const message = 'The objective “pinned” follows an order: name a provider or an endpoint.'
    return [{ path: [...path, 'order'], message }]
  }
  if (objective === 'weighted' && Object.keys(shares ?? {}).length === 0) {
    const message = 'The objective “weighted” draws by shares: give a provider or an endpoint one.'
    return [{ path: [...path, 'shares'], message }]
  }
  return []
}

function unknownZone(zone: string, path: Problem['path']): Problem[] {
  return isZone(zone) ? [] : [{ path, message: unknownWord('time zone', zone, Intl.supportedValuesOf('timeZone')) }]
}
