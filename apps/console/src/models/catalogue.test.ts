import type { EndpointRow, ModelRow } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { providersOf } from './catalogue.ts'

function aModel(slug: string, ...providers: (readonly [slug: string, name: string])[]): ModelRow {
  const endpoints: EndpointRow[] = providers.map(([provider, providerName]) => ({
    provider,
    providerName,
    simulated: true,
    regions: [],
    promptPerMillionNano: '1',
    completionPerMillionNano: '1',
    contextLength: 1,
    maxCompletionTokens: null,
  }))
  return {
    slug,
    name: slug,
    description: '',
    contextLength: 1,
    inputModalities: ['text'],
    outputModalities: ['text'],
    endpoints,
  }
}

it('names every provider once, by name, and not its simulation', () => {
  const models = [
    aModel('a/one', ['oak', 'Oak (simulated)'], ['elm', 'Elm']),
    aModel('a/two', ['elm', 'Elm']),
    aModel('a/none'),
  ]
  expect(providersOf(models)).toEqual([
    ['elm', 'Elm'],
    ['oak', 'Oak'],
  ])
})
