import type { ModelRow } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { modelsToStartWith } from './first-model.ts'

function aModel(
  slug: string,
  price: string | null,
  simulated: boolean,
  inputModalities = ['text'],
  outputModalities = ['text'],
): ModelRow {
  const endpoint = {
    provider: 'p',
    providerName: 'P',
    simulated,
    promptPerMillionNano: price,
    completionPerMillionNano: price,
    contextLength: 1000,
    maxCompletionTokens: null,
    regions: [],
  }
  return {
    slug,
    name: slug,
    description: '',
    contextLength: 1000,
    inputModalities,
    outputModalities,
    endpoints: [endpoint],
  }
}

const slugs = (models: readonly ModelRow[]) => models.map(({ slug }) => slug)

it('offers the cheapest model first', () => {
  const models = [aModel('dear', '900', true), aModel('cheap', '5', true)]
  expect(slugs(modelsToStartWith(models, 'simulated'))).toEqual(['cheap', 'dear'])
})

it('never offers what simulated credit cannot call', () => {
  const models = [aModel('real', '5', false), aModel('simulated', '900', true)]
  expect(slugs(modelsToStartWith(models, 'simulated'))).toEqual(['simulated'])
  expect(slugs(modelsToStartWith(models, 'operator'))).toEqual(['real', 'simulated'])
})

it('offers the simulator’s own models before those of simulated real providers, however cheap', () => {
  const models = [aModel('acme/free', '0', true), aModel('sim/dear', '900', true), aModel('sim/cheap', '5', true)]
  expect(slugs(modelsToStartWith(models, 'simulated'))).toEqual(['sim/cheap', 'sim/dear', 'acme/free'])
})

it('never offers a model without a price, nor one that does not read and write text', () => {
  const models = [
    aModel('unpriced', null, true),
    aModel('images', '5', true, ['image']),
    aModel('embeddings', '5', true, ['text'], ['embeddings']),
  ]
  expect(modelsToStartWith(models, 'operator')).toEqual([])
})
