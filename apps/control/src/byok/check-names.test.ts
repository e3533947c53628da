import type { KeyId } from '@turnpike/domain'
import { aCatalogue, anEndpoint, aProvider } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { problemsInNames } from './check-names.ts'

const CATALOGUE = aCatalogue([anEndpoint('acorn', 'sim/swift-8b'), anEndpoint('birch', 'sim/sage-70b')], {
  providers: [
    aProvider('acorn', { name: 'Acorn' }),
    aProvider('birch', { name: 'Birch' }),
    aProvider('azure', { name: 'Azure', simulated: false, baseUrl: '' }),
  ],
})
const MINE = '00112233aabbccdd'

function problems(changes: { provider?: string; models?: string[] | null; keys?: string[] | null }) {
  const named = { provider: 'acorn', models: null, keys: null, ...changes }
  const known = { catalogue: CATALOGUE, found: new Set([MINE as KeyId]), keys: [MINE] }
  return problemsInNames(named, known, { models: 'm', keys: 'k' })
}

it('takes names that are all known', () => {
  expect(problems({ models: ['sim/swift-8b'], keys: [MINE] })).toEqual([])
})

it('suggests the nearest provider, model and key for each that is not known', () => {
  expect(problems({ provider: 'acron' })).toEqual([
    { path: ['provider'], message: expect.stringContaining('Did you mean acorn') as string },
  ])
  expect(problems({ models: ['sim/swift-8b', 'sim/swift-8'], keys: ['00112233aabbccd0'] })).toEqual([
    { path: ['m', 1], message: expect.stringContaining('Did you mean sim/swift-8b?') as string },
    { path: ['k', 0], message: expect.stringContaining(`Did you mean ${MINE}?`) as string },
  ])
})

it('does not keep a key to a model that its provider does not serve', () => {
  expect(problems({ models: ['sim/sage-70b'] })).toEqual([
    { path: ['m', 0], message: 'Acorn does not serve sim/sage-70b.' },
  ])
})

it('says of a provider without an address why no key can be stored for it', () => {
  const [problem] = problems({ provider: 'azure' })
  expect(problem?.path).toEqual(['provider'])
  expect(problem?.message).toMatch(/^Azure is listed without an address/)
})

it.each(['constructor', '__proto__', ''])('knows no provider named %j', (provider) => {
  expect(problems({ provider })).toHaveLength(1)
})
