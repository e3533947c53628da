import { inspect } from 'node:util'
import type { OwnId, SealedSecret, TenantId } from '@turnpike/domain'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  newCredentialSecretsText,
  openKeyEncryptionKeys,
  openSecret,
  printOf,
  rewrap,
  sealSecret,
  SecretUnopened,
  type SecretPlace,
} from './secret-box.ts'

const first = newCredentialSecretsText()
const second = newCredentialSecretsText().replace(/^1:/, '2:')
const keks = openKeyEncryptionKeys(first)
const rotating = openKeyEncryptionKeys(`${second},${first}`)
const rotated = openKeyEncryptionKeys(second)

const PLACE: SecretPlace = {
  tenantId: '00000000-0000-4000-8000-000000000001' as TenantId,
  ownId: '00000000-0000-4000-8000-0000000000aa' as OwnId,
  version: 1,
  purpose: 'credential',
  boundTo: 'https://api.acorn.example',
}
const SECRET = 'sk-canary-4711-ünïcode'

/** Why it cannot be opened; null when it can. */
function refusal(sealed: SealedSecret, place: SecretPlace, held = keks): SecretUnopened['why'] | null {
  try {
    openSecret(held, sealed, place)
    return null
  } catch (error) {
    if (error instanceof SecretUnopened) return error.why
    throw error
  }
}

describe('a sealed secret', () => {
  it('opens at its place, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (secret) => {
        expect(openSecret(keks, sealSecret(keks, secret, PLACE), PLACE)).toBe(secret)
      }),
    )
  })

  const elsewhere: readonly (readonly [string, Partial<SecretPlace>])[] = [
    ['tenant', { tenantId: '00000000-0000-4000-8000-000000000002' as TenantId }],
    ['row', { ownId: '00000000-0000-4000-8000-0000000000bb' as OwnId }],
    ['version', { version: 2 }],
    ['purpose', { purpose: 'endpoint' }],
    ['host', { boundTo: 'https://evil.example' }],
    ['scheme', { boundTo: 'http://api.acorn.example' }],
    ['port', { boundTo: 'https://api.acorn.example:8443' }],
  ]
  it.each(elsewhere)('moved to another %s does not open', (_, change) => {
    const sealed = sealSecret(keks, SECRET, PLACE)
    expect(refusal(sealed, { ...PLACE, ...change })).toBe('altered')
    expect(() => rewrap(keks, sealed, { ...PLACE, ...change })).toThrow(SecretUnopened)
  })

  it('has no second place whose parts read the same when written in a row', () => {
    const sealed = sealSecret(keks, SECRET, { ...PLACE, version: 1, boundTo: 'x|credential|y' })
    expect(refusal(sealed, { ...PLACE, version: 1, boundTo: 'y' })).toBe('altered')
  })

  it('put together from the halves of two does not open', () => {
    const [one, other] = [sealSecret(keks, SECRET, PLACE), sealSecret(keks, 'another secret', PLACE)]
    expect(refusal({ ...one, wrapped: other.wrapped }, PLACE)).toBe('altered')
    expect(refusal({ ...one, wrapped: one.sealed }, PLACE)).toBe('altered')
    expect(refusal({ ...one, sealed: one.wrapped }, PLACE)).toBe('altered')
  })

  it('with any bit changed does not open', () => {
    const sealed = sealSecret(keks, SECRET, PLACE)
    for (const half of ['wrapped', 'sealed'] as const) {
      const whole = Buffer.from(sealed[half], 'base64url')
      for (let place = 0; place < whole.length; place++) {
        const bytes = Buffer.from(whole)
        bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place)
        expect(refusal({ ...sealed, [half]: bytes.toString('base64url') }, PLACE)).toBe('altered')
      }
    }
    expect(refusal({ ...sealed, sealed: '' }, PLACE)).toBe('altered')
    expect(refusal({ ...sealed, wrapped: 'AAAA' }, PLACE)).toBe('altered')
  })

  it('holds nothing of the secret in plain text, and no two are alike', () => {
    const [one, other] = [sealSecret(keks, SECRET, PLACE), sealSecret(keks, SECRET, PLACE)]
    for (const half of ['wrapped', 'sealed'] as const) {
      // The first 16 characters are the random bytes that no two may share under one key.
      expect(one[half].slice(0, 16)).not.toBe(other[half].slice(0, 16))
      expect(Buffer.from(one[half], 'base64url').includes('canary')).toBe(false)
    }
  })

  it('under a key that a process does not hold says which, and never reads as altered', () => {
    const sealed = sealSecret(rotated, SECRET, PLACE)
    expect(refusal(sealed, PLACE)).toBe('kek_missing')
    expect(() => openSecret(keks, sealed, PLACE)).toThrow(/key-encryption key 2/)
  })

  it('under another key of the same number does not open', () => {
    const others = openKeyEncryptionKeys(newCredentialSecretsText())
    expect(refusal(sealSecret(others, SECRET, PLACE), PLACE)).toBe('altered')
  })
})

describe('a rotation', () => {
  it('seals with the first key, and goes on opening with the others', () => {
    const old = sealSecret(keks, SECRET, PLACE)
    expect(openSecret(rotating, old, PLACE)).toBe(SECRET)
    expect(sealSecret(rotating, SECRET, PLACE).kek).toBe(2)
  })

  it('wraps the key of a secret anew and leaves the secret closed', () => {
    const old = sealSecret(keks, SECRET, PLACE)
    const anew = rewrap(rotating, old, PLACE)
    expect(anew).toMatchObject({ kek: 2, sealed: old.sealed })
    expect(openSecret(rotated, anew, PLACE)).toBe(SECRET)
    expect(refusal(anew, PLACE, keks)).toBe('kek_missing')
  })
})

describe('the text that recognises a secret', () => {
  it('is the same for the same secret of one tenant, and says nothing across tenants', () => {
    const other = '00000000-0000-4000-8000-000000000002' as TenantId
    const print = printOf(keks, PLACE.tenantId, SECRET)
    expect(print).toMatch(/^[0-9a-f]{16}$/)
    expect(printOf(keks, PLACE.tenantId, SECRET)).toBe(print)
    expect(printOf(keks, PLACE.tenantId, `${SECRET}x`)).not.toBe(print)
    expect(printOf(keks, other, SECRET)).not.toBe(print)
    expect(printOf(rotated, PLACE.tenantId, SECRET)).not.toBe(print)
  })
})

describe('credential secrets', () => {
  const hex = first.slice(2)
  const other = second.slice(2)

  it('are read in order, and the first one wraps', () => {
    expect(rotating.wrapping.id).toBe(2)
    expect([...rotating.byId.keys()]).toEqual([2, 1])
  })

  it.each([
    ['', /entry 1: the form is/],
    [hex, /entry 1: the form is/],
    [`1:${hex.slice(1)}`, /entry 1: the form is/],
    [`1:${hex}:${hex}`, /entry 1: the form is/],
    [`0:${hex}`, /entry 1: the id must be between/],
    [`256:${hex}`, /entry 1: the id must be between/],
    [`1:${hex},1:${other}`, /entry 2: its id is used twice/],
    [`1:${hex},2:${hex.toUpperCase()}`, /entry 2: a secret is used twice/],
    [`1:${'ab'.repeat(32)}`, /too regular/],
    [Array.from({ length: 17 }, (_, id) => `${id + 1}:${hex}`).join(','), /at most 16/],
  ])('that do not fit are refused without being repeated (%#)', (text, message) => {
    const refused = () => openKeyEncryptionKeys(text)
    expect(refused).toThrow(message)
    expect(refused).not.toThrow(hex)
  })

  it('cannot be printed', () => {
    const printed = inspect(keks, { depth: 9 }) + JSON.stringify(keks)
    expect(printed).not.toContain(hex)
    expect(keks.wrapping.wrap.export().toString('hex')).not.toBe(hex)
  })

  it('have fingerprints that tell them apart', () => {
    expect(keks.wrapping.fingerprint).toEqual(rotating.byId.get(1)?.fingerprint)
    expect(keks.wrapping.fingerprint).not.toEqual(rotated.wrapping.fingerprint)
  })
})
