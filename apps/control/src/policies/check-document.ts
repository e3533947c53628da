import { POLICY_BYTES_MAX, type PolicyDocument } from '@turnpike/contract'
import { isZone, type Catalogue } from '@turnpike/domain'
import { unknownWord, type Problem } from './problems.ts'

/**
 * What is wrong with a document that has the right form: its size, names that the catalogue does not know, zones, and objectives
 * without what they go by. Paths begin at the document.
 */
export function problemsIn(document: PolicyDocument, catalogue: Catalogue): Problem[] {
  const bytes = Buffer.byteLength(JSON.stringify(document))
  if (bytes > POLICY_BYTES_MAX) {
    return [{ path: [], message: `A policy has at most ${POLICY_BYTES_MAX / 1024} KiB; this one has ${bytes} bytes.` }]
  }
  const known = wordsOf(catalogue)
  const windows = document.schedule ?? []
  return [
    ...unknownSlugs(document.only, ['only'], known),
    ...unknownSlugs(document.ignore, ['ignore'], known),
    ...unknownSlugs(document.order, ['order'], known),
    ...unknownShares(document.shares, ['shares'], known),
    ...unknownModels(document, known),
    ...unknownParameters(document, known),
    ...objectiveAlone(document, []),
    ...windows.flatMap((window, i) => [
      ...unknownSlugs(window.order, ['schedule', i, 'order'], known),
      ...unknownShares(window.shares, ['schedule', i, 'shares'], known),
      ...(replacesRanking(window) ? objectiveAlone({ ...document, ...window }, ['schedule', i]) : []),
      ...unknownZone(window.zone, ['schedule', i, 'zone']),
    ]),
  ]
}

/** The words that documents may use, as the catalogue has them now. */
interface Words {
  readonly providers: ReadonlySet<string>
  readonly endpoints: ReadonlySet<string>
  readonly models: ReadonlySet<string>
  readonly parameters: ReadonlySet<string>
}

function wordsOf({ models, providers, endpointsOf }: Catalogue): Words {
  const endpoints = [...endpointsOf.values()].flat()
  return {
    providers: new Set(providers.keys()),
    endpoints: new Set(endpoints.map(({ id }) => id)),
    models: new Set(models.keys()),
    parameters: new Set(endpoints.flatMap(({ supportedParameters }) => supportedParameters)),
  }
}

/** Names of providers and ids of endpoints. @param path of the list */
export function unknownSlugs(
  slugs: readonly string[] | undefined,
  path: Problem['path'],
  { providers, endpoints }: Pick<Words, 'providers' | 'endpoints'>,
): Problem[] {
  return (slugs ?? []).flatMap((slug, i) => unknownSlug(slug, [...path, i], { providers, endpoints }))
}

function unknownShares(shares: PolicyDocument['shares'], path: Problem['path'], known: Words): Problem[] {
  return Object.keys(shares ?? {}).flatMap((slug) => unknownSlug(slug, [...path, slug], known))
}

function unknownSlug(
  slug: string,
  path: Problem['path'],
  { providers, endpoints }: Pick<Words, 'providers' | 'endpoints'>,
): Problem[] {
  if (providers.has(slug) || endpoints.has(slug)) return []
  const message = slug.includes('/')
    ? unknownWord('endpoint', slug, endpoints)
    : unknownWord('provider', slug, providers)
  return [{ path, message }]
}

function unknownModels({ model_fallback: fallback }: PolicyDocument, { models }: Words): Problem[] {
  return (fallback?.models ?? []).flatMap((slug, i) =>
    models.has(slug) ? [] : [{ path: ['model_fallback', 'models', i], message: unknownWord('model', slug, models) }],
  )
}

function unknownParameters({ required_parameters: required }: PolicyDocument, { parameters }: Words): Problem[] {
  return (required ?? []).flatMap((name, i) =>
    parameters.has(name)
      ? []
      : [{ path: ['required_parameters', i], message: unknownWord('parameter', name, parameters) }],
  )
}

type Ranking = Pick<PolicyDocument, 'objective' | 'order' | 'shares'>

function replacesRanking({ objective, order, shares }: Ranking): boolean {
  return objective !== undefined || order !== undefined || shares !== undefined
}

/** `pinned` follows an order and `weighted` draws by shares: without them both would be another objective in disguise. */
function objectiveAlone({ objective, order, shares }: Ranking, path: Problem['path']): Problem[] {
  if (objective === 'pinned' && (order ?? []).length === 0) {
    return [
      { path: [...path, 'order'], message: 'The objective “pinned” follows an order: name a provider or an endpoint.' },
    ]
  }
  if (objective === 'weighted' && Object.keys(shares ?? {}).length === 0) {
    return [
      {
        path: [...path, 'shares'],
        message: 'The objective “weighted” draws by shares: give a provider or an endpoint one.',
      },
    ]
  }
  return []
}

function unknownZone(zone: string, path: Problem['path']): Problem[] {
  return isZone(zone) ? [] : [{ path, message: unknownWord('time zone', zone, Intl.supportedValuesOf('timeZone')) }]
}
