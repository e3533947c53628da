import { DIALECTS } from '@turnpike/domain'
import { describe, expect, it } from 'vitest'
import { aRequest } from './adapter.contract.ts'
import { HABITS } from './openai/habits.ts'
import { adapterFor, adapterOf } from './registry.ts'

const bound = (slug: string): unknown =>
  JSON.parse(adapterOf({ slug, dialect: 'openai' }).encode(aRequest({ maxTokens: 5 }), 'm', 's').body)

describe('finding an adapter', () => {
  it('has one for every dialect', () => {
    for (const dialect of DIALECTS) expect(adapterFor(dialect).dialect).toBe(dialect)
  })

  it('gives a known provider its habits and a stranger the plain form', () => {
    expect(bound('openai')).toHaveProperty('max_completion_tokens', 5)
    expect(bound('fireworks')).toHaveProperty('max_tokens', 5)
    expect(bound('a-box-of-mine')).toHaveProperty('max_tokens', 5)
    expect(bound('constructor')).toHaveProperty('max_tokens', 5)
  })

  it('asks every OpenAI-shaped provider for usage in a stream, but the one that refuses the question', () => {
    const silent = [...HABITS.keys()].filter((slug) => {
      const { body } = adapterOf({ slug, dialect: 'openai' }).encode(aRequest(), 'm', 's')
      return !body.includes('"include_usage":true')
    })
    expect(silent).toEqual(['mistral'])
  })

  it('goes by the dialect before the name', () => {
    expect(adapterOf({ slug: 'openai', dialect: 'anthropic' })).toBe(adapterFor('anthropic'))
  })
})
