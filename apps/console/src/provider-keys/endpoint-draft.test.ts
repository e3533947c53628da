import type { OwnEndpointRow } from '@turnpike/contract'
import { expect, it } from 'vitest'
import { put } from '../draft/draft.ts'
import { draftOf, FIRST_ENDPOINT, endpointBodyOf } from './endpoint-draft.ts'

const ENDPOINT: OwnEndpointRow = {
  id: '00000000-0000-4000-8000-000000000000',
  slug: 'box',
  name: 'Box',
  baseUrl: 'https://llm.example.com/v1',
  dialect: 'openai',
  model: '~tenant/llama',
  upstreamModel: 'llama',
  contextLength: 8_192,
  maxCompletionTokens: null,
  price: { prompt: '0', completion: '0.15', cached: null, request: '0' },
  inputModalities: ['text'],
  outputModalities: ['text'],
  supportedParameters: [],
  retainsPrompts: false,
  zeroRetention: true,
  regions: ['eu'],
  placement: 'first',
  priority: 0,
  disabled: false,
  lastFour: null,
  version: 1,
  test: null,
  fingerprint: null,
  priceVersion: 1,
  createdAt: '2026-11-21T12:00:00.000Z',
  createdBy: null,
}

it('sends back what it was given when nothing is changed', () => {
  const { id: _id, slug: _slug, model: _model, outputModalities: _out, priority: _priority, ...rest } = ENDPOINT
  const { lastFour: _four, version: _version, test: _test, createdAt: _at, createdBy: _by, ...more } = rest
  const { fingerprint: _print, priceVersion: _priced, ...sent } = more
  expect(endpointBodyOf(draftOf(ENDPOINT))).toEqual(sent)
})

it('never says a price that nobody wrote down', () => {
  const { price } = endpointBodyOf(FIRST_ENDPOINT)
  expect(price).toEqual({ request: '0', cached: null })
  expect(endpointBodyOf(put(FIRST_ENDPOINT, ['price', 'prompt'], '0'))['price']).toMatchObject({ prompt: '0' })
})

it('says that prompts are not kept only when that was chosen', () => {
  expect(endpointBodyOf(FIRST_ENDPOINT)['retainsPrompts']).toBe(true)
  expect(endpointBodyOf(put(FIRST_ENDPOINT, ['retainsPrompts'], undefined))['retainsPrompts']).toBe(false)
})

it('says where it processes only what was chosen', () => {
  expect(endpointBodyOf(FIRST_ENDPOINT)['regions']).toEqual([])
  expect(endpointBodyOf(put(draftOf(ENDPOINT), ['regions'], undefined))['regions']).toEqual([])
  expect(endpointBodyOf(put(FIRST_ENDPOINT, ['regions'], ['de', 'fr']))['regions']).toEqual(['de', 'fr'])
})
