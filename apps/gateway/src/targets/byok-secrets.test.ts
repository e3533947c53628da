import { Fault, type OwnId, type TenantId } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { OwnSecrets, type OwnSecretsOptions } from './byok-secrets.ts'
import { anOwnCredential, anOwnEndpoint, OWN_SECRET, someKeks } from './byok.fixture.ts'

const TENANT = 'a0000000-0000-4000-8000-000000000001' as TenantId
const keks = someKeks()

function secretsWith(changes: Partial<OwnSecretsOptions> = {}) {
  const reported: object[] = []
  return { reported, secrets: new OwnSecrets({ keks, onUnopened: (trouble) => reported.push(trouble), ...changes }) }
}

function faultOf(open: () => string): Fault {
  try {
    open()
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
  }
  throw new Error('it was opened')
}

describe('a secret of a tenant', () => {
  it('is opened when it is used; an endpoint without one has an empty one', () => {
    const { secrets } = secretsWith()
    expect(secrets.open(TENANT, anOwnCredential(TENANT, keks))).toBe(OWN_SECRET)
    expect(secrets.open(TENANT, anOwnEndpoint(TENANT, keks))).toBe(OWN_SECRET)
    expect(secrets.open(TENANT, anOwnEndpoint(TENANT, keks, { secret: null }))).toBe('')
  })

  it('is in clear in memory for a minute at most, however often it is used', () => {
    let nowMs = 1
    const { secrets } = secretsWith({ nowMs: () => nowMs })
    const own = anOwnCredential(TENANT, keks)
    // A ciphertext that cannot be opened any more shows whether what was opened is still known.
    const spoilt = { ...own, sealed: { ...own.sealed, sealed: '' } }
    secrets.open(TENANT, own)
    nowMs += 59_000
    expect(secrets.open(TENANT, spoilt)).toBe(OWN_SECRET)
    nowMs += 2_000
    expect(() => secrets.open(TENANT, spoilt)).toThrow(Fault)
  })

  it('is another one in its next version', () => {
    const { secrets } = secretsWith()
    const id = 'b0000000-0000-4000-8000-000000000001' as OwnId
    expect(secrets.open(TENANT, anOwnCredential(TENANT, keks, { id }))).toBe(OWN_SECRET)
    expect(secrets.open(TENANT, anOwnCredential(TENANT, keks, { id, version: 2, secret: 'the next' }))).toBe('the next')
  })

  it.each([
    ['for another tenant', 'a0000000-0000-4000-8000-000000000002' as TenantId, {}],
    ['for another host', TENANT, { boundTo: 'https://elsewhere.example' }],
    ['as another version', TENANT, { version: 9 }],
  ])('opens nothing %s, though it was opened a moment ago', (_, tenantId, changes) => {
    const { secrets, reported } = secretsWith()
    const own = anOwnCredential(TENANT, keks)
    secrets.open(TENANT, own)
    const fault = faultOf(() => secrets.open(tenantId, { ...own, ...changes }))
    expect(fault).toMatchObject({ code: 'upstream_credential_refused', facts: { detail: { why: 'altered' } } })
    expect(reported).toEqual([{ why: 'altered', kek: 1, id: own.id }])
  })

  it('whose key-encryption key is missing is a typed fault, with one line in the log for all of them', () => {
    const { secrets, reported } = secretsWith({ keks: null })
    const [one, other] = [anOwnCredential(TENANT, keks), anOwnCredential(TENANT, keks)]
    for (const own of [one, other, one]) {
      const fault = faultOf(() => secrets.open(TENANT, own))
      expect(fault.code).toBe('upstream_credential_refused')
      expect(fault.facts).toMatchObject({ metadata: { credential: own.id }, detail: { opened: false } })
    }
    expect(reported).toEqual([{ why: 'kek_missing', kek: 1, id: one.id }])
    expect(secrets.unopened).toBe(3)
  })
})
