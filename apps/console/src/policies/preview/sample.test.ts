import type { ModelRow } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { FIRST_SAMPLE, sampleOf } from './sample.ts'

function aModel(slug: string, endpoints: number, simulated: boolean): ModelRow {
  return {
    slug,
    name: slug,
    description: '',
    contextLength: 1,
    inputModalities: ['text'],
    outputModalities: ['text'],
    endpoints: Array.from({ length: endpoints }, (_, i) => ({
      provider: `p${i}`,
      providerName: `P${i}`,
      simulated,
      promptPerMillionNano: null,
      completionPerMillionNano: null,
      contextLength: 1,
      maxCompletionTokens: null,
      regions: [],
    })),
  }
}

it('begins with the model that has most to choose between, and that answers here', () => {
  const models = [aModel('sim/one', 1, true), aModel('real/many', 9, false), aModel('sim/six', 6, true)]
  expect(sampleOf(FIRST_SAMPLE, models)).toEqual({
    models: ['sim/six'],
    promptTokens: 1_000,
    maxTokens: null,
    down: [],
  })
})

it('begins with one of the simulator’s own, though more stand in for a real model', () => {
  const models = [aModel('real/many', 30, true), aModel('sim/two', 2, true), aModel('sim/six', 6, true)]
  expect(sampleOf(FIRST_SAMPLE, models)).toMatchObject({ models: ['sim/six'] })
  expect(sampleOf(FIRST_SAMPLE, models.slice(0, 1))).toMatchObject({ models: ['real/many'] })
})

it('takes an empty field for the usual', () => {
  expect(sampleOf({ ...FIRST_SAMPLE, promptTokens: '', model: 'a/b' }, [])).toMatchObject({ promptTokens: 1_000 })
  expect(sampleOf({ ...FIRST_SAMPLE, maxTokens: '0', model: 'a/b' }, [])).toMatchObject({ maxTokens: null })
})

it('asks with the moment and the outage that were chosen', () => {
  const sample = sampleOf({ ...FIRST_SAMPLE, model: 'a/b', at: '2026-03-29T02:30', down: 'acorn' }, [])
  expect(sample).toMatchObject({ down: ['acorn'], at: new Date('2026-03-29T02:30').toISOString() })
})

it('asks nothing without a model', () => {
  expect(sampleOf(FIRST_SAMPLE, [])).toBeNull()
})
