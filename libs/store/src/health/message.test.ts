import type { EndpointId, HealthChange } from '@turnpike/domain'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { MESSAGE_CHARS_MAX, openHealth, sealHealth } from './message.ts'
import { newSecretsText, openKeySecrets, sealText } from '../key-path/seal.ts'

const secrets = openKeySecrets(newSecretsText())
const aChange: HealthChange = {
  endpoint: 'acorn/sim/swift-8b' as EndpointId,
  attempts: 3,
  failures: 1,
  firstTokenMs: { 56: 2, 160: 1 },
  tokensPerSecond: {},
  downForMs: 20_000,
  coolForMs: 7_000,
}
const message = { life: 'abcd', number: 7, sentMs: 1_700_000_000_000, changes: [aChange] }

it('what is sealed is read again as it was', () => {
  expect(openHealth(secrets, sealHealth(secrets, message))).toEqual(message)
})

it('nobody without our secrets can say anything', () => {
  expect(openHealth(openKeySecrets(newSecretsText()), sealHealth(secrets, message))).toBeNull()
  expect(openHealth(secrets, sealHealth(secrets, message).replace('acorn', 'birch'))).toBeNull()
  expect(openHealth(secrets, sealText(secrets, 'turnpike:keys', JSON.stringify([1, 'abcd', 7, 1, []])))).toBeNull()
})

it('another version is not guessed at', () => {
  expect(openHealth(secrets, sealed([2, 'abcd', 7, 1, []]))).toBeNull()
  expect(openHealth(secrets, sealed([1, 'abcd', 7, 1, []]))).not.toBeNull()
})

it('figures that cannot be are refused, with the whole message', () => {
  const row = ['acorn/m', 3, 1, 0, {}, {}, 0]
  const wrong: [number, unknown][] = [
    [0, ''],
    [0, 7],
    [0, 'a'.repeat(301)],
    [1, -1],
    [1, 1.5],
    [1, 1e7],
    [2, 4],
    [3, 300_001],
    [3, '1'],
    [4, { 161: 1 }],
    [4, { x: 1 }],
    [4, JSON.parse('{"__proto__": 1}')],
    [4, []],
    [5, { 10: -1 }],
    [5, null],
    [6, -1],
    [6, 300_001],
    [6, 'x'],
  ]
  expect(openHealth(secrets, sealed([1, 'abcd', 7, 1, [row]]))).not.toBeNull()
  for (const [place, value] of wrong) {
    const bad = row.with(place, value as string)
    expect(openHealth(secrets, sealed([1, 'abcd', 7, 1, [row, bad]])), JSON.stringify(bad)).toBeNull()
  }
})

it('any text is read or refused and never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => openHealth(secrets, text) === null))
  fc.assert(fc.property(fc.json(), (json) => void openHealth(secrets, sealText(secrets, 'turnpike:health', json))))
  expect(openHealth(secrets, 'x'.repeat(MESSAGE_CHARS_MAX + 1))).toBeNull()
})

it('the fullest message there can be is not too long', () => {
  const full = Object.fromEntries(Array.from({ length: 161 }, (_, bucket) => [bucket, 999_999]))
  const changes = Array.from({ length: 200 }, (_, i) => ({
    ...aChange,
    endpoint: `${'e'.repeat(200)}${i}` as EndpointId,
    firstTokenMs: full,
    tokensPerSecond: full,
  }))
  const text = sealHealth(secrets, { ...message, changes })
  expect(text.length).toBeLessThan(MESSAGE_CHARS_MAX)
  expect(openHealth(secrets, text)?.changes).toHaveLength(200)
})

function sealed(value: unknown): string {
  return sealText(secrets, 'turnpike:health', JSON.stringify(value))
}
