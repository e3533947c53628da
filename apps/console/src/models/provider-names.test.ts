import type { EndpointRow } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { knownProviders } from './provider-names.ts'

function anEndpoint(provider: string, providerName: string, simulated: boolean): EndpointRow {
  return {
    ...{ provider, providerName, simulated, promptPerMillionNano: null, completionPerMillionNano: null },
    ...{ contextLength: 1000, maxCompletionTokens: null, regions: [] },
  }
}

it('knows every provider of the catalogue once, by one name without a mark, and whether it is simulated', () => {
  const models = [
    { endpoints: [anEndpoint('elm', 'Elm (simulated)', true), anEndpoint('openai', 'OpenAI', false)] },
    { endpoints: [anEndpoint('elm', 'Elm (simulated)', true)] },
  ]
  expect([...knownProviders(models)]).toEqual([
    ['elm', { name: 'Elm', simulated: true }],
    ['openai', { name: 'OpenAI', simulated: false }],
  ])
})
