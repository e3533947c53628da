import { aCaller, aCatalogue, anEndpoint } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { countedModel } from './counted-model.ts'

const catalogue = aCatalogue([anEndpoint('acorn')])
const [model = ''] = catalogue.models.keys()
const counted = (requested: string) => countedModel(requested, aCaller(), catalogue)

it('counts a model of the catalogue and a router by their names, without a variant', () => {
  expect(counted(model)).toBe(model)
  expect(counted(`${model}:nitro`)).toBe(model)
  expect(counted('turnpike/auto')).toBe('turnpike/auto')
})

it('counts every other name as one, whatever callers send', () => {
  const names = Array.from({ length: 40 }, (_, i) => `junk/${'x'.repeat(4 * i)}`)
  expect(new Set([...names, '', `${'x'.repeat(200)}:nitro`].map(counted))).toEqual(new Set(['(unknown model)']))
  expect(countedModel(model, aCaller(), null)).toBe('(unknown model)')
})
