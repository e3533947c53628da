import type { ModelSlug } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { aCredential, anEndpoint, aStoredCredential, aStoredEndpoint } from './byok.fixture.ts'
import { ownOf } from './rows.ts'

describe('the BYOK resources of an organisation', () => {
  it('is nothing where there is nothing', () => {
    expect(ownOf(null)).toBeNull()
  })

  it('leaves out a row that cannot be read, and no key is refused for it', () => {
    const own = ownOf({
      credentials: [aStoredCredential({ sealed: null }), aStoredCredential()],
      endpoints: [aStoredEndpoint({ base_url: 'nonsense' }), aStoredEndpoint()],
    })
    expect(own).toEqual({ credentials: [aCredential()], endpoints: [anEndpoint()] })
  })
})

describe('a credential', () => {
  it('that is kept to nothing serves any model and any key', () => {
    expect(aCredential()).toMatchObject({ models: null, keys: null, boundTo: 'simulated' })
  })
})

describe('an endpoint of one’s own', () => {
  it('has names that no row of the catalogue has', () => {
    expect(anEndpoint()).toMatchObject({
      endpoint: { id: '~box/~tenant/llama', provider: '~box', model: '~tenant/llama' },
      provider: { slug: '~box', simulated: false, baseUrl: 'https://box.example/v1' },
      model: { slug: '~tenant/llama', contextLength: 8_192 },
      sealed: null,
    })
  })

  it('of a model of the catalogue lists none', () => {
    expect(anEndpoint({ model: 'sim/swift-8b' as ModelSlug })).toMatchObject({
      endpoint: { id: '~box/sim/swift-8b' },
      model: null,
    })
  })

  it('processes where it was said, and a row from before that could be said tells nothing', () => {
    expect(anEndpoint({ regions: ['eu', 'ch'] }).provider.regions).toEqual(['eu', 'ch'])
    expect(anEndpoint().provider.regions).toEqual([])
  })

  it('has the price that was declared: an explicit 0 is one, and cached tokens cost as the prompt unless it says otherwise', () => {
    expect(anEndpoint().endpoint.price).toEqual({
      version: 1,
      prompt: 0n,
      completion: 250_000_000n,
      request: 0n,
      tiers: [],
    })
    expect(anEndpoint({ cache_read: '9007199254740993' }).endpoint.price).toMatchObject({
      cacheRead: 9_007_199_254_740_993n,
    })
  })

  it('fails together with those at the same address', () => {
    const [one, other] = [anEndpoint(), anEndpoint({ slug: 'second', base_url: 'https://box.example/v2' })]
    expect(one.provider.failureDomain).toBe(other.provider.failureDomain)
    expect(anEndpoint({ base_url: 'https://box.example:8443/v1' }).provider.failureDomain).not.toBe(
      one.provider.failureDomain,
    )
  })
})
