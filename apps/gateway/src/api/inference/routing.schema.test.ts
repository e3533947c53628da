import { Fault } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { chatBody } from './chat.schema.ts'
import { parse } from '../../http/parse.ts'
import { modelsOf, preferencesOf } from './routing.schema.ts'

const chat = (provider: unknown) => ({ model: 'a/b', messages: [{ role: 'user', content: 'hi' }], provider })
const read = (provider: unknown) => preferencesOf(parse(chatBody, chat(provider)))

function faultOf(body: unknown): Fault {
  try {
    parse(chatBody, body)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('expected a fault')
}

describe('OpenRouter’s provider object', () => {
  it('is read whole, in nano-dollars and milliseconds', () => {
    expect(
      read({
        order: ['acorn'],
        only: ['acorn', 'birch/a/b'],
        ignore: ['cedar'],
        allow_fallbacks: false,
        require_parameters: true,
        data_collection: 'deny',
        zdr: true,
        enforce_distillable_text: true,
        quantizations: ['fp8', 'bf16'],
        sort: 'throughput',
        max_price: { prompt: 0.5, completion: '1.25', request: '0.01', image: 1e-7, audio: 3 },
        preferred_min_throughput: 50,
        preferred_max_latency: { p50: 0.8, p99: 3 },
      }),
    ).toEqual({
      order: ['acorn'],
      only: ['acorn', 'birch/a/b'],
      ignore: ['cedar'],
      allow_fallbacks: false,
      require_parameters: true,
      data_collection: 'deny',
      zdr: true,
      enforce_distillable_text: true,
      quantizations: ['fp8', 'bf16'],
      objective: 'throughput',
      max_price: {
        prompt: 500_000_000n,
        completion: 1_250_000_000n,
        request: 10_000_000n,
        image: 100n,
        audio: 3_000_000_000n,
      },
      preferred_min_throughput: { p50: 50 },
      preferred_max_latency: { p50: 0.8, p99: 3 },
    })
  })

  it.each([
    ['price', 'cost'],
    ['latency', 'latency'],
    ['throughput', 'throughput'],
    ['exacto', 'uptime'],
  ])('sorts by %s as by %s, in the short and in the long form', (sort, objective) => {
    expect(read({ sort })).toEqual({ objective })
    expect(read({ sort: { by: sort } })).toEqual({ objective })
    expect(read({ sort: { by: sort, partition: 'none' } })).toEqual({ objective, partition: 'none' })
    expect(read({ sort: { by: sort, partition: 'model' } })).toEqual({ objective })
  })

  it('says nothing where it is empty, absent or null', () => {
    for (const provider of [{}, null, undefined, { order: null, max_price: null, sort: null, zdr: false }]) {
      expect(read(provider)).toEqual({})
    }
    expect(read({ max_price: { prompt: null } })).toEqual({ max_price: {} })
  })

  it.each([
    [{ sort: 'prise' }, 'provider.sort', 'price'],
    [{ sort: { by: 'latncy' } }, 'provider.sort.by', 'latency'],
    [{ sort: { by: 'price', partition: 'modal' } }, 'provider.sort.partition', 'model'],
    [{ sort: { buy: 'price' } }, 'provider.sort.buy', 'by'],
    [{ data_collection: 'denied' }, 'provider.data_collection', 'deny'],
    [{ quantizations: ['fp9'] }, 'provider.quantizations[0]', 'fp'],
    [{ data_colection: 'deny' }, 'provider.data_colection', 'data_collection'],
    [{ max_price: { promt: 1 } }, 'provider.max_price.promt', 'prompt'],
    [{ preferred_max_latency: { p95: 1 } }, 'provider.preferred_max_latency.p95', 'p'],
  ])('refuses the unknown word in %j at %s and suggests the nearest', (provider, param, suggested) => {
    const fault = faultOf(chat(provider))
    expect(fault.facts.param).toBe(param)
    expect(fault.message).toMatch(new RegExp(`Did you mean ${suggested}`))
  })

  it.each([
    [{ max_price: { prompt: '$1' } }, 'provider.max_price.prompt', 'dollars per million tokens'],
    [{ max_price: { prompt: '0.5/M' } }, 'provider.max_price.prompt', 'dollars per million tokens'],
    [{ max_price: { completion: -1 } }, 'provider.max_price.completion', 'dollars per million tokens'],
    [{ max_price: { request: '1e-3' } }, 'provider.max_price.request', 'dollars per request'],
    [{ max_price: { image: {} } }, 'provider.max_price.image', 'dollars per image'],
    [{ max_price: { audio: 1e30 } }, 'provider.max_price.audio', 'tokens of audio'],
    [{ max_price: 3 }, 'provider.max_price', 'object'],
    [{ preferred_max_latency: 1500 }, 'provider.preferred_max_latency', 'seconds'],
    [{ preferred_max_latency: { p90: 1500 } }, 'provider.preferred_max_latency.p90', 'seconds'],
    [{ preferred_min_throughput: -1 }, 'provider.preferred_min_throughput', 'tokens per second'],
    [{ only: [] }, 'provider.only', 'leave it out'],
    [{ zdr: 'yes' }, 'provider.zdr', 'boolean'],
  ])('refuses the wrong unit or kind in %j at %s', (provider, param, hint) => {
    const fault = faultOf(chat(provider))
    expect(fault.facts.param).toBe(param)
    expect(fault.message).toContain(hint)
  })
})

describe('the models of a request', () => {
  const body = (fields: object) => parse(chatBody, { messages: [{ role: 'user', content: 'x' }], ...fields })

  it('are the one that was asked for and then the others, each once', () => {
    expect(modelsOf(body({ model: 'a/b', models: ['c/d', 'a/b'] }))).toEqual(['a/b', 'c/d'])
    expect(modelsOf(body({ models: ['c/d', 'e/f'] }))).toEqual(['c/d', 'e/f'])
  })

  it('are at least one and at most sixteen', () => {
    expect(() => modelsOf(body({}))).toThrow('model: must be given')
    expect(() => modelsOf(body({ models: [] }))).toThrow('model: must be given')
    const many = Array.from({ length: 17 }, (_, i) => `a/${i}`)
    expect(() => body({ model: 'a/b', models: many })).toThrow('models')
  })

  it('may be asked for with the route of former times, and not with another', () => {
    expect(body({ model: 'a/b', route: 'fallback' }).route).toBe('fallback')
    expect(() => body({ model: 'a/b', route: 'sort' })).toThrow('provider.sort.partition')
  })
})
