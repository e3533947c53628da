import { Fault } from '@turnpike/domain'
import { aCatalogue, anEndpoint } from '@turnpike/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NAMES, readModelQuery } from './query.ts'

const CATALOGUE = aCatalogue([anEndpoint('acorn', 'sim/swift-8b'), anEndpoint('groq', 'openai/gpt-oss-20b')])
const read = (query: Record<string, unknown>) => readModelQuery(query, CATALOGUE)

describe('the query of a list of models', () => {
  it('asks for everything that answers with text when it says nothing', () => {
    expect(read({})).toMatchObject({
      outputModalities: ['text'],
      inputModalities: null,
      sort: null,
      offset: 0,
      limit: null,
    })
  })

  it('gives pages of 500 from an offset on, and of any size up to 1,000', () => {
    expect(read({ offset: '3' })).toMatchObject({ offset: 3, limit: 500 })
    expect(read({ limit: '1000' })).toMatchObject({ offset: 0, limit: 1_000 })
  })

  it('takes prices in dollars per million tokens, exactly', () => {
    expect(read({ max_price: '0.15', min_output_price: '2' })).toMatchObject({
      promptMax: 150_000_000n,
      completionMin: 2_000_000_000n,
    })
  })

  it('reads lists, words to search for, and all modalities', () => {
    expect(
      read({ supported_parameters: 'tools, seed', q: 'Swift  8B', output_modalities: 'all', providers: 'groq' }),
    ).toMatchObject({
      supportedParameters: ['tools', 'seed'],
      words: ['swift', '8b'],
      outputModalities: null,
      providers: ['groq'],
    })
  })

  it.each([
    [{ sort: 'newst' }, 'sort', 'Did you mean newest?'],
    [{ sort: 'top-weekly' }, 'sort', 'There are newest, pricing-low-to-high'],
    [{ supported_parameters: 'tools,toolchoice' }, 'supported_parameters', 'Did you mean tool_choice'],
    [{ category: 'programing' }, 'category', 'Did you mean programming?'],
    [{ input_modalities: 'images' }, 'input_modalities', 'Did you mean image?'],
    [{ providers: 'grok' }, 'providers', 'Did you mean groq?'],
    [{ model_authors: 'opnai' }, 'model_authors', 'Did you mean openai?'],
    [{ limit: '0' }, 'limit', 'from 1 to 1000'],
    [{ limit: '1001' }, 'limit', 'from 1 to 1000'],
    [{ offset: '-1' }, 'offset', 'from 0 on'],
    [{ context: 'long' }, 'context', 'whole number'],
    [{ max_price: '$1' }, 'max_price', 'dollars per million tokens'],
    [{ max_price: ['1', '2'] }, 'max_price', 'give it once'],
    [{ use_rss: 'yes' }, 'use_rss', 'There are true, false.'],
    [{ region: 'eu' }, 'region', 'holds no such figures'],
    [{ min_coding_index: '3' }, 'min_coding_index', 'holds no such figures'],
    [{ suported_parameters: 'tools' }, 'suported_parameters', 'Did you mean supported_parameters?'],
  ])('refuses %j by the name of the parameter, with the nearest word', (query, param, hint) => {
    try {
      read(query)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'request_invalid', facts: { param }, message: expect.stringContaining(hint) })
    }
  })

  it('passes over what other clients send for themselves', () => {
    expect(read({ before_id: 'x', utm_source: 'y' })).toEqual(read({}))
  })

  it('either understands or refuses, whatever is sent', () => {
    const query = fc.dictionary(
      fc.oneof(fc.constantFrom(...NAMES), fc.string()),
      fc.oneof(fc.string(), fc.array(fc.string())),
    )
    fc.assert(
      fc.property(query, (words) => {
        try {
          read(words)
        } catch (error) {
          expect(error).toBeInstanceOf(Fault)
        }
      }),
    )
  })
})
