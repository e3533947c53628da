import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { KEY_KINDS, KEY_PATTERN } from '@turnpike/domain'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  checkKey,
  fingerprints,
  mintKey,
  newSecretsText,
  openKeySecrets,
  openText,
  sealText,
  type KeySecrets,
} from './seal.ts'

const text = newSecretsText()
const secrets = openKeySecrets(text)
const kinds = fc.constantFrom(...KEY_KINDS)
const seeds = fc.uint8Array({ minLength: 24, maxLength: 24 })

/** A source of given bytes, in order. */
function bytesFrom(seed: Uint8Array): (count: number) => Buffer {
  let used = 0
  return (count) => Buffer.from(seed.subarray(used, (used += count)))
}

describe('a key', () => {
  it('that we made is genuine, and is looked up by the digest that was stored', () => {
    fc.assert(
      fc.property(kinds, seeds, (kind, seed) => {
        const minted = mintKey(secrets, kind, bytesFrom(seed))
        expect(checkKey(secrets, minted.key)).toEqual({
          kind: 'genuine',
          keyKind: kind,
          id: minted.id,
          digest: minted.digest,
        })
        expect(minted.key).toMatch(KEY_PATTERN)
        expect(minted.key.endsWith(minted.lastFour)).toBe(true)
        expect(minted.id).toMatch(/^[0-9a-f]{16}$/)
      }),
    )
  })

  it('with any character changed is never genuine', () => {
    const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('')
    fc.assert(
      fc.property(kinds, fc.nat(58), fc.constantFrom(...base62), (kind, place, character) => {
        const { key } = mintKey(secrets, kind)
        fc.pre(key[place] !== character)
        const checked = checkKey(secrets, key.slice(0, place) + character + key.slice(place + 1))
        expect(checked.kind).toBe('malformed')
      }),
      { numRuns: 500 },
    )
  })

  it('forged with a right checksum is refused by its tag alone', () => {
    const others = openKeySecrets(newSecretsText())
    fc.assert(
      fc.property(kinds, (kind) => {
        expect(checkKey(secrets, mintKey(others, kind).key)).toEqual({ kind: 'forged' })
      }),
    )
  })

  it('of a generation that this process does not hold is unknown, not wrong', () => {
    const later = openKeySecrets(text.replace(/^1:/, '7:'))
    expect(checkKey(secrets, mintKey(later, 'live').key)).toEqual({ kind: 'unknown_secret', secretId: 7 })
  })

  it('keeps working while a new generation signs', () => {
    const rotated = openKeySecrets(`${newSecretsText().replace(/^1:/, '2:')},${text}`)
    const old = mintKey(secrets, 'live')
    expect(checkKey(rotated, old.key)).toMatchObject({ kind: 'genuine', digest: old.digest })
    expect(mintKey(rotated, 'live').secretId).toBe(2)
  })

  it('is malformed for any text that is none', () => {
    fc.assert(fc.property(fc.string(), (anything) => checkKey(secrets, anything).kind === 'malformed'))
  })
})

describe('server secrets', () => {
  const [, tag = '', pepper = ''] = text.split(':')
  it.each([
    ['nothing', ''],
    ['a wrong form', '1:abc:def'],
    ['an id of 0', `0:${tag}:${pepper}`],
    ['an id above 255', `256:${tag}:${pepper}`],
    ['the same secret twice', `1:${tag}:${tag}`],
    ['the same id twice', `${text},1:${randomBytes(32).toString('hex')}:${randomBytes(32).toString('hex')}`],
    ['a secret used by two generations', `${text},2:${tag}:${randomBytes(32).toString('hex')}`],
    ['a secret from a keyboard', `1:${'0123456789abcdef'.repeat(4)}:${pepper}`],
  ])('are refused for %s, without being shown', (_, wrong) => {
    const thrown = catching(() => openKeySecrets(wrong))
    expect(thrown.message).toMatch(/^Key secrets/)
    expect(thrown.message).not.toMatch(/[0-9a-f]{16}/)
  })

  it('cannot be printed', () => {
    const printed = inspect(secrets, { depth: 10 }) + JSON.stringify([...secrets.byId.values()])
    expect(printed).not.toContain(tag)
    expect(printed).not.toContain(pepper)
    expect(printed).not.toContain(Buffer.from(tag, 'hex').toString('base64').slice(0, 20))
  })

  it('show alike by their fingerprints, and unlike when any of them differs', () => {
    const same = openKeySecrets(text)
    const otherPepper = openKeySecrets(`1:${tag}:${randomBytes(32).toString('hex')}`)
    expect(fingerprints(same)).toEqual(fingerprints(secrets))
    expect(fingerprints(otherPepper)).not.toEqual(fingerprints(secrets))
  })
})

it('a sealed text opens for its purpose only, and not at all when altered', () => {
  const sealed = sealText(secrets, 'here', 'content\nof two lines')
  expect(openText(secrets, 'here', sealed)).toBe('content\nof two lines')
  expect(openText(secrets, 'there', sealed)).toBeNull()
  expect(openText(openKeySecrets(newSecretsText()), 'here', sealed)).toBeNull()
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.constantFrom('0', 'z', '|'), (place, character) => {
      fc.pre(sealed[place] !== character)
      const altered = sealed.slice(0, place) + character + sealed.slice(place + 1)
      expect(openText(secrets, 'here', altered)).toBeNull()
    }),
  )
})

it('a warm check costs microseconds', () => {
  expect(microsecondsPerCheck(secrets)).toBeLessThan(100)
})

/** The best of several rounds: what the work costs when nobody else has the processor. */
function microsecondsPerCheck(held: KeySecrets): number {
  const keys = Array.from({ length: 100 }, () => mintKey(held, 'live').key)
  const rounds = Array.from({ length: 20 }, () => {
    const start = performance.now()
    for (const key of keys) checkKey(held, key)
    return ((performance.now() - start) * 1_000) / keys.length
  })
  return Math.min(...rounds)
}

function catching(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('It should have thrown.')
}
