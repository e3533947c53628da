import * as fc from 'fast-check'
import type { Endpoint, Model } from '../catalogue.ts'
import type { EndpointId, KeyId, ModelSlug, OwnId, ProviderSlug } from '../ids.ts'
import { PLACEMENTS, type Own, type OwnCredential, type OwnEndpoint, type SealedSecret } from '../byok.ts'

/** For tests: where the fixture's real providers are. */
export const PLACE = 'https://provider.example'
export const MINE = '~tenant/mine' as ModelSlug

const SEALED: SealedSecret = { kek: 1, wrapped: 'w', sealed: 's' }
const PRICE = { version: 3, prompt: 1_000n, completion: 2_000n, tiers: [] }

/** For tests: a credential at a real provider, first in line and usable for anything. */
export function aCredential(provider: string, over: Partial<OwnCredential> = {}): OwnCredential {
  return {
    id: `${provider}-key` as OwnId,
    version: 1,
    provider: provider as ProviderSlug,
    boundTo: PLACE,
    placement: 'first',
    priority: 0,
    share: 1,
    models: null,
    keys: null,
    creditFallback: true,
    sealed: SEALED,
    ...over,
  }
}

/** For tests: an endpoint of the tenant's own, `~slug/model`, of model `m` unless said. */
export function anOwnEndpoint(
  slug: string,
  over: Partial<Omit<OwnEndpoint, 'endpoint'>> & { readonly endpoint?: Partial<Endpoint> } = {},
): OwnEndpoint {
  const model = over.endpoint?.model ?? ('m' as ModelSlug)
  return {
    id: `${slug}-id` as OwnId,
    version: 1,
    placement: 'first',
    priority: 0,
    sealed: null,
    provider: {
      slug: `~${slug}` as ProviderSlug,
      name: slug,
      dialect: 'openai',
      baseUrl: `https://${slug}.example/v1`,
      simulated: false,
      retainsPrompts: false,
      zeroRetention: false,
      failureDomain: `~${slug}`,
    },
    model: model.startsWith('~') ? aModel(model) : null,
    ...over,
    endpoint: {
      id: `~${slug}/${model}` as EndpointId,
      model,
      provider: `~${slug}` as ProviderSlug,
      upstreamModel: 'served',
      contextLength: 300_000,
      maxCompletionTokens: null,
      quantization: 'unknown',
      supportedParameters: [],
      price: PRICE,
      ...over.endpoint,
    },
  }
}

function aModel(slug: ModelSlug): Model {
  return {
    slug,
    name: slug,
    description: '',
    created: 0,
    contextLength: 300_000,
    inputModalities: ['text'],
    outputModalities: ['text'],
    distillable: false,
  }
}

export function ownOf(...all: readonly (OwnCredential | OwnEndpoint)[]): Own {
  return {
    credentials: all.flatMap((one) => ('share' in one ? [one] : [])),
    endpoints: all.flatMap((one) => ('share' in one ? [] : [one])),
  }
}

const rank = {
  placement: fc.constantFrom(...PLACEMENTS),
  priority: fc.constantFrom(0, 0, 1, 99),
}

/** The regions that a provider declares; empty: none. */
export const anyPlaces = fc.constantFrom([], [], ['de'], ['eu'], ['fr', 'de'], ['de', 'us'])

const anyCredential = fc.record({
  ...rank,
  provider: fc.constantFrom('acorn', 'birch', 'cedar', 'dogwood').map((slug) => slug as ProviderSlug),
  boundTo: fc.constantFrom(PLACE, PLACE, 'simulated', 'https://elsewhere.example'),
  share: fc.constantFrom(0.5, 1, 3),
  models: fc.constantFrom(null, null, ['m' as ModelSlug]),
  keys: fc.constantFrom(null, null, null, ['another key' as KeyId]),
})

const anyEndpoint = fc.record({
  ...rank,
  slug: fc.constantFrom('box', 'lab'),
  model: fc.constantFrom('m', 'm', 'n', MINE).map((slug) => slug as ModelSlug),
  supportedParameters: fc.subarray(['tools', 'seed']),
  contextLength: fc.constantFrom(100, 300_000),
  retainsPrompts: fc.boolean(),
  regions: anyPlaces,
})

/** BYOK resources of a tenant in generated routing cases. */
export const anyOwn: fc.Arbitrary<Own> = fc
  .record({
    credentials: fc.array(anyCredential, { maxLength: 4 }),
    endpoints: fc.array(anyEndpoint, { maxLength: 2 }),
  })
  .map(({ credentials, endpoints }) => ({
    credentials: credentials.map((one, i) => aCredential(one.provider, { ...one, id: `c${i}` as OwnId })),
    endpoints: endpoints.map(({ slug, placement, priority, retainsPrompts, regions, ...endpoint }, i) => {
      const made = anOwnEndpoint(slug, { id: `e${i}` as OwnId, placement, priority, endpoint })
      return { ...made, provider: { ...made.provider, retainsPrompts, regions } }
    }),
  }))
