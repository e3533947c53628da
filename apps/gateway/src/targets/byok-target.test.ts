import { ownTarget, type EndpointId, type Own, type OwnId, type ProviderSlug } from '@turnpike/domain'
import { aCaller, aCatalogue, anEndpoint, aProvider } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { gatewayConfig } from '../config.ts'
import { OwnSecrets } from './byok-secrets.ts'
import { withByok } from './byok-target.ts'
import { anOwnCredential, anOwnEndpoint, OWN_SECRET, someKeks } from './byok.fixture.ts'
import { headersTo, targetDirectory } from './target.ts'

const SIMULATOR = 'http://127.0.0.1:9'
const MODEL = 'sim/swift-8b'
const keks = someKeks()
const caller = aCaller()
const config = gatewayConfig({
  DATABASE_URL: 'postgres://unused',
  KEY_SECRETS: 'unused',
  JOURNAL_DIR: 'unused',
  SIMULATOR_URL: SIMULATOR,
})
const real = (baseUrl: string) => aProvider('openai', { name: 'OpenAI', simulated: false, baseUrl })
const secrets = () => new OwnSecrets({ keks, onUnopened: () => undefined })

/** The directory of a caller with these, in a catalogue with a simulated provider and a real one for which the operator has no account. */
function reachWith(own: Partial<Own>, baseUrl = 'https://api.openai.com/v1', opened = secrets()) {
  const directory = targetDirectory(
    aCatalogue([anEndpoint('acorn', MODEL), anEndpoint('openai', MODEL)], { providers: [real(baseUrl)] }),
    config,
  )
  const bringing = { ...caller, own: { credentials: [], endpoints: [], ...own } }
  return { directory, own: withByok(directory, bringing, { secrets: opened, simulatorUrl: SIMULATOR }) }
}

const at = (provider: string, id: OwnId) => ownTarget(`${provider}/${MODEL}` as EndpointId, id)

describe('a target by a credential of the tenant', () => {
  const openai = (changes = {}) =>
    anOwnCredential(caller.tenantId, keks, {
      provider: 'openai' as ProviderSlug,
      boundTo: 'https://api.openai.com',
      ...changes,
    })

  it('is the endpoint of the catalogue at the provider’s address, with the tenant’s secret', () => {
    const credential = openai()
    const id = at('openai', credential.id)
    const target = reachWith({ credentials: [credential] }).own.target(id)
    expect(target).toMatchObject({ id, baseUrl: 'https://api.openai.com/v1', egress: 'unrestricted', own: credential })
    expect(target.endpoint.id).toBe(`openai/${MODEL}`)
    expect(target.secret()).toBe(OWN_SECRET)
  })

  it('a stored credential is never sent to another host than it was stored for', () => {
    const credential = openai()
    const opened = secrets()
    const home = reachWith({ credentials: [credential] }, undefined, opened).own.target(at('openai', credential.id))
    expect(home.secret()).toBe(OWN_SECRET)
    for (const elsewhere of [
      'https://api.openai.com.evil.test/v1',
      'http://api.openai.com/v1',
      'https://api.openai.com:8443/v1',
    ]) {
      const { own } = reachWith({ credentials: [credential] }, elsewhere, opened)
      const moved = own.target(at('openai', credential.id))
      expect(() => moved.secret()).toThrow('at another address')
    }
    const simulated = openai({ boundTo: 'simulated' })
    const { own } = reachWith({ credentials: [simulated] }, undefined, opened)
    expect(() => own.target(at('openai', simulated.id)).secret()).toThrow('at another address')
  })

  it('of a simulated provider goes to the simulator', () => {
    const credential = anOwnCredential(caller.tenantId, keks)
    const target = reachWith({ credentials: [credential] }).own.target(at('acorn', credential.id))
    expect([target.baseUrl, target.secret()]).toEqual([`${SIMULATOR}/acorn/v1`, OWN_SECRET])
  })

  it('counts its failures apart from the operator’s account and from other tenants’', () => {
    const [mine, other] = [anOwnCredential(caller.tenantId, keks), anOwnCredential(caller.tenantId, keks)]
    const { own } = reachWith({ credentials: [mine, other] })
    const accounts = [`acorn/${MODEL}` as EndpointId, at('acorn', mine.id), at('acorn', other.id)].map(
      (id) => own.target(id).account,
    )
    expect(new Set(accounts).size).toBe(3)
  })

  it('cannot be reached at another provider’s endpoint, without an address, or by who does not bring it along', () => {
    const credential = openai()
    const { own, directory } = reachWith({ credentials: [credential] })
    expect(() => own.target(at('acorn', credential.id))).toThrow('cannot be reached')
    expect(() => reachWith({ credentials: [credential] }, '').own.target(at('openai', credential.id))).toThrow()
    const stranger = withByok(directory, aCaller({ own: { credentials: [], endpoints: [] } }), {
      secrets: secrets(),
      simulatorUrl: SIMULATOR,
    })
    expect(() => stranger.target(at('openai', credential.id))).toThrow('cannot be reached')
  })

  it('shows its secret to nobody who prints it', () => {
    const credential = openai()
    const target = reachWith({ credentials: [credential] }).own.target(at('openai', credential.id))
    target.secret()
    expect(JSON.stringify(target, (_, value: unknown) => (typeof value === 'bigint' ? '' : value))).not.toContain(
      OWN_SECRET,
    )
  })
})

describe('an endpoint of the tenant’s own', () => {
  it('is called at its own address by restricted egress, with its secret or none', () => {
    const endpoints = [anOwnEndpoint(caller.tenantId, keks), anOwnEndpoint(caller.tenantId, keks, { secret: null })]
    const { own } = reachWith({ endpoints })
    const found = endpoints.map(({ endpoint, id }) => own.target(ownTarget(endpoint.id, id)))
    expect(found).toMatchObject([
      { baseUrl: 'https://box.example/v1', egress: 'restricted', account: endpoints[0]?.id },
      { egress: 'restricted', account: endpoints[1]?.id },
    ])
    expect(found.map((target) => target.secret())).toEqual([OWN_SECRET, ''])
  })

  it('is never sent the headers that script a simulated provider', () => {
    const endpoint = anOwnEndpoint(caller.tenantId, keks)
    const target = reachWith({ endpoints: [endpoint] }).own.target(ownTarget(endpoint.endpoint.id, endpoint.id))
    expect(headersTo(target, {}, { id: 'a request', simulation: { 'x-sim-instant': '1' } })).toEqual({})
  })
})

it('a caller without BYOK resources has the directory of all others, and the operator’s targets stay the same', () => {
  const { directory, own } = reachWith({ credentials: [anOwnCredential(caller.tenantId, keks)] })
  expect(withByok(directory, caller, { secrets: secrets(), simulatorUrl: SIMULATOR })).toBe(directory)
  expect(own.target(`acorn/${MODEL}` as EndpointId)).toBe(directory.target(`acorn/${MODEL}` as EndpointId))
  expect(own.target(`acorn/${MODEL}` as EndpointId)).toMatchObject({
    egress: 'unrestricted',
    own: null,
    account: 'acorn',
  })
})
